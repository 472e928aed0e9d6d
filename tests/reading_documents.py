"""Documents drawn for the tests of reading: each shows one thing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pymupdf

from schemas.documents import Document, SourceFile

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from PIL import Image

ENGLISH = "The quick brown fox jumps over the lazy dog"
CHINESE = "合同双方于二〇二六年签订本协议"
LEFT = [f"Left column line {n} is read before the right." for n in ("one", "two", "three", "four", "five", "six")]
RIGHT = [f"Right column line {n} comes after the left." for n in ("one", "two", "three", "four", "five", "six")]
KOREAN = "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다"


def document(path: Path, media_type: str = "application/pdf", page_count: int = 1) -> Document:
    """Describe a file as discovery and identification would."""
    stat = path.stat()
    file = SourceFile(
        path=str(path),
        source=str(path),
        name=path.name,
        size_bytes=stat.st_size,
        modified_at=datetime.fromtimestamp(stat.st_mtime, UTC),
        mtime_ns=stat.st_mtime_ns,
    )
    return Document(file=file, doc_id="0" * 64, media_type=media_type, page_count=page_count)


def written(path: Path, lines: Iterable[str], *, east_asian: str = "china-s", size: float = 14) -> Path:
    """Draw lines of text down a page."""
    with pymupdf.open() as drawn:
        page = drawn.new_page()
        for row, line in enumerate(lines):
            font = "helv" if line.isascii() else east_asian
            page.insert_text((60, 80 + row * 2 * size), line, fontname=font, fontsize=size)
        drawn.save(path)
    return path


def two_columns(path: Path) -> Path:
    """Draw two columns so that the lines of both stand in rows, as in a journal."""
    with pymupdf.open() as drawn:
        page = drawn.new_page()
        page.insert_text((60, 70), "On Reading Order", fontname="hebo", fontsize=22)
        for row in range(30):
            page.insert_text((60, 120 + row * 20), LEFT[row % 6], fontsize=9)
            page.insert_text((320, 120 + row * 20), RIGHT[row % 6], fontsize=9)
        drawn.save(path)
    return path


def table(path: Path) -> Path:
    """Draw a ruled table between two paragraphs."""
    with pymupdf.open() as drawn:
        page = drawn.new_page()
        page.insert_text((60, 80), "Prices of the year, in the currency of the contract, are these:")
        for row, cells in enumerate((("Item", "Count", "Price"), ("Paper", "12", "30.50"), ("Ink", "3", "99.00"))):
            for column, cell in enumerate(cells):
                box = pymupdf.Rect(60 + 120 * column, 110 + 24 * row, 180 + 120 * column, 134 + 24 * row)
                page.draw_rect(box)
                page.insert_text((box.x0 + 6, box.y0 + 16), cell)
        page.insert_text((60, 230), "They hold until the end of the year and may then be raised.")
        drawn.save(path)
    return path


def photographed(path: Path, dpi: int = 130) -> Image.Image:
    """Give the first page of a PDF as a picture."""
    with pymupdf.open(path) as drawn:
        return drawn[0].get_pixmap(dpi=dpi).pil_image()


def scanned(path: Path, picture: Image.Image, *, stamp: str = "") -> Path:
    """Make a PDF whose page is a picture, with a stamp of real text on it if wanted."""
    image = path.with_suffix(".png")
    picture.save(image)
    with pymupdf.open() as drawn:
        page = drawn.new_page(width=picture.width / 2, height=picture.height / 2)
        page.insert_image(page.rect, filename=image)
        page.insert_text((60, 40), stamp)
        drawn.save(path)
    return path
