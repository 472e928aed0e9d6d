"""Jobs for one worker process that show that it can do its work. Heavy imports happen there, not here."""

from __future__ import annotations

import time
from pathlib import Path

WORD = "pagemill 2026"


def draw(folder: str) -> str:
    """Make a page and draw it; say what came of it."""
    import pymupdf

    from tasks.drawing import open_source

    path = Path(folder, "page.pdf")
    with pymupdf.open() as document:
        document.new_page(width=200, height=100).insert_text((20, 50), WORD)
        document.save(path)
    began = time.monotonic()
    source = open_source(str(path), "application/pdf")
    try:
        picture = source.picture(1, source.natural_size(1))
    finally:
        source.close()
    if len(picture.getcolors(maxcolors=picture.width * picture.height) or ()) == 1:
        msg = "the page came out empty"
        raise ValueError(msg)
    return f"a worker process drew a page of {picture.width} x {picture.height} pixels in {_since(began)}"


def read(folder: str) -> str:  # noqa: ARG001 - jobs are called alike
    """Make a picture of a word and read it; say what came of it."""
    from PIL import Image, ImageDraw, ImageFont

    from tasks.reading.ocr import MODEL, recognize

    picture = Image.new("RGB", (640, 160), "white")
    ImageDraw.Draw(picture).text((40, 40), WORD, "black", ImageFont.load_default(64))
    began = time.monotonic()
    found = " ".join(line.text for line in recognize(picture))
    if "pagemill" not in found:
        msg = f"{WORD!r} was read as {found!r}"
        raise ValueError(msg)
    return f"{MODEL} loaded and read {found!r} in {_since(began)}"


def _since(began: float) -> str:
    return f"{time.monotonic() - began:.2f} s"
