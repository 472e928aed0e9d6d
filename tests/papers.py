"""Files made for the tests of the way from a path to pixels, and the corpus of real ones beside the repository."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pymupdf
import pytest
from PIL import Image, ImageDraw

from schemas.documents import Document, SourceFile
from tasks.discover import discover
from tasks.identify import examine

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"


def corpus(folder: str) -> Path:
    """A folder of real documents; skips where it is not, but not in CI."""
    path = CORPUS / folder
    if not path.is_dir():
        reason = f"no real documents at {path}"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return path


def found(path: Path | str) -> SourceFile:
    (file,) = discover([str(path)])
    assert isinstance(file, SourceFile), file
    return file


def known(path: Path | str, *passwords: str) -> Document:
    document = examine(found(path), passwords)
    assert isinstance(document, Document), document
    return document


def pdf(path: Path, *texts: str, width: float = 595, height: float = 842, **saving: object) -> Path:
    """A PDF with a page for each text; an empty text is an empty page."""
    with pymupdf.open() as drawn:
        for text in texts:
            page = drawn.new_page(width=width, height=height)
            if text:
                page.insert_text((60, 80), text, fontsize=14)
        drawn.save(path, **saving)
    return path


def stripes(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """A picture whose corners differ: dark bars of growing length, so that turns and flips show."""
    picture = Image.new("L", (width, height), 255)
    draw = ImageDraw.Draw(picture)
    for row in range(4):
        top = height * (2 * row + 1) // 10
        draw.rectangle((width // 20, top, width * (row + 1) // 5, top + height // 12), fill=30 * row)
    return picture.convert(mode)


def jpeg(picture: Image.Image, **saving: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=90, **saving)
    return buffer.getvalue()


def scanned(path: Path, data: bytes, width: float = 360, height: float = 480) -> Path:
    """A PDF whose only page is the picture."""
    with pymupdf.open() as drawn:
        page = drawn.new_page(width=width, height=height)
        page.insert_image(page.rect, stream=data, keep_proportion=False)
        drawn.save(path)
    return path
