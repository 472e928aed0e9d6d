"""A page drawn for a person to look at, from the file as it lies now; the job of a worker."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

from PIL import Image

from schemas.addresses import scheme_of
from schemas.documents import Document, RejectedDocument, SourceFile
from schemas.errors import DocumentChanged, MissingDocument, UnreadableDocument
from schemas.pixels import Size
from schemas.records import PageRecord
from tasks.drawing import PageSource, opened
from tasks.identify import examine

_POINTS = 72
_MOST_PLACES = 8
"""Places of one text on one page: a 1 stands everywhere, and shows nothing."""
_ESCAPED_BYTE = re.compile(rb"\\x([89a-f][0-9a-f])")

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, as shares of the page's width and height as displayed."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page is to be drawn, how finely (*dpi*), and how large at most (*max_side*, in pixels).

    `points` is the page's size where it is known.
    """

    source: str
    doc_id: str
    page_no: int
    dpi: float
    max_side: int
    points: tuple[float, float] | None = None
    passwords: tuple[str, ...] = ()

    @classmethod
    def of(cls, page: PageRecord, dpi: float, max_side: int, passwords: tuple[str, ...] = ()) -> Self:
        """Want the page that a row is of."""
        points = (page.width, page.height) if page.width and page.height else None
        return cls(page.source, page.doc_id, page.page_no, dpi, max_side, points, passwords)


def drawn_webp(wanted: Wanted, quality: int) -> bytes:
    """Draw a page as a WebP file, which is a third smaller than JPEG and leaves letters their edges.

    Raises:
        DocumentError: as `draw` does.
    """
    buffer = io.BytesIO()
    draw(wanted).convert("RGB").save(buffer, "WEBP", quality=quality, method=2)
    return buffer.getvalue()


def draw(wanted: Wanted) -> Image.Image:
    """Draw a page, never larger than it is: enlarging shows nothing new.

    Raises:
        MissingDocument: if the file is gone.
        DocumentChanged: if it holds other bytes than those that were read.
        DocumentError: if it cannot be opened or drawn.
    """
    with opened(_document(wanted)) as source:
        return source.picture(wanted.page_no, _size(source, wanted))


def sought(wanted: Wanted, values: Sequence[Sequence[str]]) -> list[list[Box]]:
    """Find values in the text layer of a page: for each the places where the first of its ways to be written stands.

    Raises:
        DocumentError: as `draw` does.
    """
    with opened(_document(wanted)) as source:
        page = source.pymupdf_page(wanted.page_no)
        if page is None:
            return [[] for _ in values]
        layer = page.get_textpage()
        return [_places(page, layer, ways) for ways in values]


def _places(page: Any, layer: Any, ways: Sequence[str]) -> list[Box]:
    for text in ways:
        if found := page.search_for(text, textpage=layer):
            return [_share(page, rect) for rect in found[:_MOST_PLACES]]
    return []


def _share(page: Any, rect: Any) -> Box:
    seen, turned = page.rect, rect * page.rotation_matrix
    x0, x1 = sorted((turned.x0, turned.x1))
    y0, y1 = sorted((turned.y0, turned.y1))
    return (x0 / seen.width, y0 / seen.height, x1 / seen.width, y1 / seen.height)


def _document(wanted: Wanted) -> Document:
    document = _examined(_found(wanted.source), wanted.passwords)
    if isinstance(document, RejectedDocument):
        raise document.error.with_traceback(None) if document.doc_id in {None, wanted.doc_id} else _changed()
    if document.doc_id != wanted.doc_id:
        raise _changed()
    return document


def _size(source: PageSource, wanted: Wanted) -> Size:
    natural = source.natural_size(wanted.page_no)
    page = source.pymupdf_page(wanted.page_no)
    points = wanted.points or ((page.rect.width, page.rect.height) if page is not None else natural)
    scale = wanted.dpi / _POINTS
    width, height = (min(side * scale, bound) for side, bound in zip(points, natural, strict=True))
    shrunk = min(1.0, wanted.max_side / max(width, height))
    return Size(max(1, round(width * shrunk)), max(1, round(height * shrunk)))


def _found(source: str) -> SourceFile:
    if scheme_of(source) is not None and not os.path.lexists(source):
        msg = "it lies elsewhere, and is drawn only from this machine: fetch it first"
        raise MissingDocument(msg)
    path = _path_of(source)
    try:
        seen = Path(path).stat()
    except FileNotFoundError:
        msg = "the file is no longer there"
        raise MissingDocument(msg) from None
    except (OSError, ValueError) as fault:
        msg = f"the system does not let it be read: {fault}"
        raise UnreadableDocument(msg) from None
    modified = datetime.fromtimestamp(seen.st_mtime, UTC)
    return SourceFile(path, source, Path(path).name, seen.st_size, modified, seen.st_mtime_ns)


def _path_of(source: str) -> str:
    """Give the path that the tables write as *source*; bytes that are no UTF-8 stand there as escapes."""
    if os.path.lexists(source):
        return source
    return os.fsdecode(_ESCAPED_BYTE.sub(lambda match: bytes([int(match[1], 16)]), source.encode()))


@lru_cache(maxsize=256)
def _examined(file: SourceFile, passwords: tuple[str, ...]) -> Document | RejectedDocument:
    """Hash and identify a file, once while its size and time of change stay the same."""
    return examine(file, passwords)


def _changed() -> DocumentChanged:
    return DocumentChanged("the file holds other bytes than those that were read")
