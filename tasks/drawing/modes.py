"""Every pixel mode that Pillow knows, as grey or RGB on white."""

from __future__ import annotations

from PIL import Image, ImageCms

_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_DEEP = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})


def plain(image: Image.Image) -> Image.Image:
    """Give *image* as mode L or RGB: transparency on white, deep samples to 8 bits, other colour spaces to RGB."""
    if image.mode in {"L", "RGB"} and "transparency" not in image.info:
        return image
    if image.mode == "1":
        return image.convert("L")
    if image.mode in _DEEP:
        return _shallow(image)
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        return _on_white(image)
    if image.mode == "LAB":
        return _from_lab(image)
    return image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    grey = image.mode in {"LA", "La", "L"}
    layered = image.convert("RGBA")
    ground = Image.new("RGB", layered.size, "white")
    ground.paste(layered, mask=layered.getchannel("A"))
    return ground.convert("L") if grey else ground


def _shallow(image: Image.Image) -> Image.Image:
    """Scale samples of 12, 16 or 32 bits, or floats, to 8 bits by the range that their largest value speaks of."""
    samples = image.convert("F") if image.mode == "F" else image.convert("I").convert("F")
    low, high = samples.getextrema()
    if not (isinstance(low, float) and isinstance(high, float)):  # pragma: no cover - one band has one pair
        return samples.convert("L")
    floor = min(low, 0.0)
    ceiling = _ceiling(high - floor, whole=image.mode != "F")
    return samples.point(lambda value: value * (255.0 / ceiling) - floor * 255.0 / ceiling).convert("L")


def _ceiling(span: float, *, whole: bool) -> float:
    """Give the white of a scale: 1 for floats up to 1, else the full range of 8, 12 or 16 bits, else the span."""
    steps = (255.0, 4_095.0, 65_535.0) if whole else (1.0, 255.0, 65_535.0)
    return next((step for step in steps if span <= step), span)


def _from_lab(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    if converted is None:  # pragma: no cover - None is given back only for in-place conversion
        return image.convert("RGB")
    return converted
