"""What questions have in common, whichever protocol they go by."""

from __future__ import annotations

import base64
import difflib
from collections.abc import Collection, Iterable, Sequence
from typing import TypeVar

from schemas.documents import PageImage, RenderedPage
from schemas.errors import UsageFault
from schemas.models import ModelSpec

T = TypeVar("T")

SAMPLING = frozenset(
    {
        "temperature",
        "top_p",
        "top_k",
        "max_tokens",
        "seed",
        "stop",
        "repetition_penalty",
        "presence_penalty",
        "response_format",
        "logprobs",
        "top_logprobs",
    }
)
"""Parameters that are called the same wherever Qwen's models are served."""

SLOWEST_RATE, USUAL_RATE, FASTEST_RATE = 0.1, 2.0, 10.0
"""Frames a second. Source: Alibaba Model Studio, video understanding, mid-2026."""


def in_order(said: list[T], shown: list[T], spec: ModelSpec) -> list[T]:
    """Put the text before the images, so that all pages share a prefix which the service caches.

    The OCR models' own examples have the image first, and no cache.
    """
    return shown + said if spec.is_ocr else said + shown


def thinks(asked: bool | None, spec: ModelSpec) -> bool:
    """Decide whether the model reasons before it answers: only where it is asked to, or cannot do otherwise.

    Raises:
        UsageFault: if the model cannot do what was asked.
    """
    can, must = spec.thinking != "none", spec.thinking == "always"
    if (asked and not can) or (asked is False and must):
        msg = f"{spec.name} {'always reasons' if must else 'cannot reason'}"
        option = "--no-thinking" if must else "--thinking"
        raise UsageFault(msg, advice=f"leave {option} out, or choose another --model")
    return must or bool(asked)


def can_choose_to_think(spec: ModelSpec) -> bool:
    """Whether it must be stated: what happens when nothing is said differs from model to model."""
    return spec.thinking in {"off", "on"}


def check_known(parameters: Iterable[str], known: Collection[str]) -> None:
    """Refuse a mistyped parameter, which would pass unread.

    Raises:
        UsageFault: if one is not among the *known*.
    """
    for name in parameters:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            advice = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
            msg = f"the service knows no parameter {name!r}"
            raise UsageFault(msg, advice=advice)


def data_uri(image: PageImage) -> str:
    """Write an image into an address. Holds the event loop for some 3 ms per megabyte."""
    return f"data:{image.media_type};base64,{base64.b64encode(image.data).decode('ascii')}"


def encodable(text: str) -> str:
    """Replace halves of surrogate pairs, which a broken PDF's text can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


def frame_rate(frames: Sequence[RenderedPage]) -> float:
    """Say how many frames a second were taken of a film; the service reads time by it, between 0.1 and 10."""
    times = [frame.second for frame in frames if frame.second is not None]
    lasted = times[-1] - times[0] if times else 0.0
    rate = (len(times) - 1) / lasted if lasted else USUAL_RATE
    return round(min(max(rate, SLOWEST_RATE), FASTEST_RATE), 3)
