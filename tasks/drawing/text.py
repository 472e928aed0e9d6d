"""The text layer of a page: its words, and whether all of them can be seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from PIL import Image

from tasks.drawing.looks import is_even

MAX_LAYER_TEXT = 50_000
_LEAST_SIDE = 2
_A_SENTENCE = 20
"""Letters. Single glyphs get lost in dense drawings without anybody hiding them."""


def folded(text: str) -> str:
    """Fold whitespace, drop what is no text (unpaired surrogates, NUL), and cap the length."""
    clean = text.encode("utf-8", "ignore").decode().replace("\0", "")
    return " ".join(clean.split())[:MAX_LAYER_TEXT]


def has_hidden_text(layer: dict[str, Any], picture: Image.Image, scale: tuple[float, float]) -> bool:
    """Whether a part of the text layer worth a sentence, or most of it, cannot be seen on the picture.

    Text is invisible by its render mode or its alpha, or because it stands where the picture shows one even
    colour: white on white, or covered. *layer* is PyMuPDF's dictionary of the page, *scale* pixels per point.
    """
    grey = picture.convert("L")
    seen = hidden = 0
    for span in _spans(layer):
        letters = sum(letter.isalnum() for letter in span["text"])
        if letters and _is_hidden(span, grey, scale):
            hidden += letters
        else:
            seen += letters
        if hidden >= _A_SENTENCE:
            return True
    return hidden > seen


def _is_hidden(span: dict[str, Any], grey: Image.Image, scale: tuple[float, float]) -> bool:
    if span["alpha"] == 0:
        return True
    box = _box(span["bbox"], scale, grey.size)
    return box is not None and is_even(grey, box)


def _spans(layer: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for block in layer["blocks"]:
        for line in block.get("lines", ()):
            yield from line["spans"]


def _box(
    bbox: tuple[float, float, float, float], scale: tuple[float, float], size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """Give the pixels of a box in points; None where hardly any lie on the page."""
    left, right = (min(max(round(x * scale[0]), 0), size[0]) for x in (bbox[0], bbox[2]))
    top, bottom = (min(max(round(y * scale[1]), 0), size[1]) for y in (bbox[1], bbox[3]))
    if right - left < _LEAST_SIDE or bottom - top < _LEAST_SIDE:
        return None
    return left, top, right, bottom
