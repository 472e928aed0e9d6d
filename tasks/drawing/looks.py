"""What pixels alone tell of a page: how much ink, whether colour, whether a place is empty. All on small copies."""

from __future__ import annotations

from PIL import Image, ImageChops

_LOOK = 1_000
"""The longer side, in pixels, of the copy that is looked at; small print still leaves a trace in it."""
NOISE = 24
"""How far from the background a grey level (0-255) must lie to be ink rather than paper or JPEG noise."""
_COLOUR_SPREAD = 40
_COLOUR_SHARE = 0.0002


def reduced(picture: Image.Image, longest: int = _LOOK) -> Image.Image:
    """Shrink by a whole factor, which averages and costs next to nothing."""
    factor = max(1, max(picture.size) // longest)
    return picture.reduce(factor) if factor > 1 else picture


def ink(picture: Image.Image) -> float:
    """Give the share of pixels (0-1) that differ from the page's background, which is its most frequent grey."""
    histogram = reduced(picture).convert("L").histogram()
    smooth = [sum(histogram[max(0, level - 4) : level + 5]) for level in range(256)]
    background = max(range(256), key=smooth.__getitem__)
    total = sum(histogram)
    near = sum(histogram[max(0, background - NOISE) : background + NOISE + 1])
    return (total - near) / total


def has_colour(picture: Image.Image) -> bool:
    """Whether the page shows more colour than the fringes of a JPEG: a stamp or a marked word is enough."""
    if picture.mode == "L":
        return False
    red, green, blue = reduced(picture).split()
    high = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    low = ImageChops.darker(ImageChops.darker(red, green), blue)
    histogram = ImageChops.subtract(high, low).histogram()
    return sum(histogram[_COLOUR_SPREAD:]) > _COLOUR_SHARE * sum(histogram)


def is_even(grey: Image.Image, box: tuple[int, int, int, int]) -> bool:
    """Whether nothing can be seen inside *box* of a grey picture."""
    extrema = grey.crop(box).getextrema()
    low, high = extrema
    return isinstance(low, int) and isinstance(high, int) and high - low < NOISE
