"""How large a model sees a page: the vendor's own resize, and the tokens that it bills for it.

Source: Alibaba Model Studio, visual understanding, mid-2026: sides are rounded to the model's patch, scaled
into [min_pixels, max_pixels], and each patch is one token, plus one token before and one behind the image.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from schemas.requests import RenderSpec

MARKER_TOKENS = 2
MIN_SIDE = 11
"""The service refuses sides of 10 pixels and less."""
MAX_RATIO = 200
"""The service refuses pictures longer than 200 times their width."""


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int


def fit(width: float, height: float, spec: RenderSpec) -> Size:
    """Give the size at which the model sees a picture of *width* x *height* pixels.

    Python's `round` (half to even) is part of the formula.

    Raises:
        ValueError: if a side is not positive.
    """
    if width <= 0 or height <= 0:
        msg = f"a picture of {width} x {height} has no pixels"
        raise ValueError(msg)
    patch = spec.patch
    fitted = Size(round(width / patch) * patch, round(height / patch) * patch)
    area = fitted.width * fitted.height
    if area > spec.max_pixels:
        scale = math.sqrt(width * height / spec.max_pixels)
        fitted = Size(*(math.floor(side / scale / patch) * patch for side in (width, height)))
    elif area < spec.min_pixels:
        scale = math.sqrt(spec.min_pixels / (width * height))
        fitted = Size(*(math.ceil(side * scale / patch) * patch for side in (width, height)))
    return Size(max(fitted.width, patch), max(fitted.height, patch))


def image_tokens(width: float, height: float, spec: RenderSpec) -> int:
    """Count the input tokens that a picture of *width* x *height* pixels is billed as."""
    size = fit(width, height, spec)
    return size.width * size.height // spec.patch**2 + MARKER_TOKENS


def video_tokens(frames: int, width: float, height: float, spec: RenderSpec) -> int:
    """Count the input tokens of a film of so many frames of *width* x *height* pixels: two frames share theirs."""
    size = fit(width, height, spec)
    return math.ceil(frames / 2) * (size.width * size.height // spec.patch**2) + MARKER_TOKENS
