"""Documents that PyMuPDF reads: PDF, XPS, e-books, comics, SVG."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image

from schemas.documents import PageFacts
from schemas.errors import CorruptDocument, DocumentError, DocumentTooLarge, EncryptedDocument, RenderFailed
from schemas.pixels import Size
from tasks.drawing import mupdf
from tasks.drawing.bounds import guard_pixels, page_index
from tasks.drawing.formats import PAGED
from tasks.drawing.handle import readable
from tasks.drawing.labels import page_labels
from tasks.drawing.looks import ink
from tasks.drawing.mupdf import drain_notes, one_line, pymupdf
from tasks.drawing.scans import find_scan
from tasks.drawing.source import Scan
from tasks.drawing.text import folded, has_hidden_text

DRAWN_DPI = 200
"""At this resolution drawn pages lose nothing that a model reads; scans keep their own where it is finer."""
_POINTS = 72
_DOMINANT = 0.5
"""A picture that covers this share of its page sets the page's natural size."""


@dataclass(frozen=True, slots=True)
class _Look:
    """A page, interpreted once: what is drawn on it, and which pictures."""

    page: Any
    drawn: Any
    pictures: list[dict[str, Any]]

    @property
    def rect(self) -> Any:
        return self.page.rect


class PagedDocument:
    """A document with pages, open in PyMuPDF."""

    def __init__(self, path: str, media_type: str, passwords: Sequence[str]) -> None:
        drain_notes()
        self._document = _opened(path, PAGED[media_type])
        try:
            self.password = _unlock(self._document, passwords)
            with _faults(CorruptDocument):
                self.page_count: int = self._document.page_count
                rules = self._document.get_page_labels() if self._document.is_pdf else []
                self.encrypted = self.password is not None or bool((self._document.metadata or {}).get("encryption"))
                beyond = _not_in_pages(self._document)
        except BaseException:
            self._document.close()
            raise
        self.page_labels = page_labels(rules, self.page_count)
        repaired = ("the file is damaged and was repaired",) if self._document.is_repaired else ()
        self.notes = (*repaired, *beyond, *drain_notes())
        self._seen: tuple[int, _Look] | None = None

    def pymupdf_page(self, page_no: int) -> Any:
        """The page as PyMuPDF has it."""
        return self._look(page_no).page

    def natural_size(self, page_no: int) -> Size:
        """200 dpi, or the resolution of the picture that covers most of the page if that is finer."""
        look = self._look(page_no)
        scale = max([DRAWN_DPI / _POINTS, *(_pixels_per_point(each, look.rect) for each in look.pictures)])
        return Size(max(1, round(look.rect.width * scale)), max(1, round(look.rect.height * scale)))

    def picture(self, page_no: int, size: Size) -> Image.Image:
        """The page, drawn at exactly *size*."""
        look = self._look(page_no)
        matrix = pymupdf.Matrix(size.width / look.rect.width, size.height / look.rect.height)
        with _faults(RenderFailed, page_no):
            pixels = look.drawn.get_pixmap(matrix=matrix, colorspace=pymupdf.csRGB, alpha=0)
            image = Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples_mv)
        if image.size == size:
            return image
        canvas = Image.new("RGB", size, "white")
        canvas.paste(image)
        return canvas

    def scan(self, page_no: int) -> Scan | None:
        """The one JPEG that the page is, if so."""
        look = self._look(page_no)
        if not self._document.is_pdf or len(look.pictures) != 1:
            return None
        with _faults(RenderFailed, page_no):
            return find_scan(self._document, look.page, look.pictures[0])

    def facts(self, page_no: int, picture: Image.Image) -> PageFacts:
        """Size, rotation, ink, text layer, complaints."""
        look = self._look(page_no)
        with _faults(RenderFailed, page_no):
            layer = pymupdf.TextPage(look.drawn.get_textpage(pymupdf.TEXTFLAGS_TEXT))
            text = folded(layer.extractText())
            scale = (picture.width / look.rect.width, picture.height / look.rect.height)
            hidden = bool(text) and has_hidden_text(layer.extractDICT(), picture, scale)
        share = ink(picture)
        silence, complaints = _silence(look, share), drain_notes()
        return PageFacts(
            width=look.rect.width,
            height=look.rect.height,
            rotation=look.page.rotation,
            ink=share,
            layer_text=text,
            hidden_text=hidden,
            notes=(*silence, *complaints),
            damaged=bool(complaints),
        )

    def close(self) -> None:
        """Let go of the file."""
        self._leave()
        self._document.close()

    def _leave(self) -> None:
        """Forget the page that was looked at, and its pictures: MuPDF would keep up to 256 MB of them, unpacked."""
        seen, self._seen = self._seen, None
        if seen is not None and seen[1].pictures:
            del seen
            pymupdf.TOOLS.store_shrink(100)

    def _look(self, page_no: int) -> _Look:
        if self._seen is not None and self._seen[0] == page_no:
            return self._seen[1]
        index = page_index(page_no, self.page_count)
        self._leave()
        drain_notes()
        with _faults(RenderFailed, page_no):
            page = self._document.load_page(index)
            if self._document.is_pdf and not 0 < page.xref < self._document.xref_length():
                msg = f"page {page_no} is missing from the file, which is damaged"
                raise RenderFailed(msg)
            drawn = page.get_displaylist(annots=True)
            pictures = pymupdf.TextPage(drawn.get_textpage(pymupdf.TEXT_PRESERVE_IMAGES)).extractIMGINFO()
        for each in pictures:
            guard_pixels(each["width"], each["height"])
        if not (0 < page.rect.width < math.inf and 0 < page.rect.height < math.inf):
            msg = f"page {page_no} has no area: {page.rect.width:g} x {page.rect.height:g} points"
            raise RenderFailed(msg)
        self._seen = (page_no, _Look(page, drawn, pictures))
        return self._seen[1]


def _opened(path: str, filetype: str) -> Any:
    with readable(path) as name, _faults(CorruptDocument):
        return pymupdf.open(name, filetype=filetype)


def _unlock(document: Any, passwords: Sequence[str]) -> str | None:
    """Open the lock with the first password that fits; None where there is no lock.

    Raises:
        EncryptedDocument: if none fits.
    """
    if not document.needs_pass:
        return None
    for password in passwords:
        if document.authenticate(password):
            return password
    tried = f"none of the {len(passwords)} given passwords opens it" if passwords else "no password was given"
    msg = f"the document is encrypted, and {tried}"
    raise EncryptedDocument(msg)


def _not_in_pages(document: Any) -> tuple[str, ...]:
    """Say so where what a reader would see is not in the pages: in a form that only one program draws, or attached."""
    catalog = document.pdf_catalog() if document.is_pdf else 0
    if not 0 < catalog < document.xref_length():
        return ()
    marks = {
        "NeedsRendering": ("true", "a dynamic XFA form: its pages may not show what is filled in"),
        "Collection": ("<<", "a portfolio: the files in it are not read"),
    }
    found = {key: document.xref_get_key(catalog, key)[1] for key in marks}
    return tuple(note for key, (mark, note) in marks.items() if found[key].startswith(mark))


def _pixels_per_point(picture: dict[str, Any], rect: Any) -> float:
    """Give a picture's resolution on the page if it covers most of it, else 0."""
    shown = pymupdf.Rect(picture["bbox"]) & rect
    if shown.is_empty or shown.get_area() < _DOMINANT * rect.get_area():
        return 0.0
    return math.sqrt(picture["width"] * picture["height"] / pymupdf.Rect(picture["bbox"]).get_area())


def _silence(look: _Look, share: float) -> tuple[str, ...]:
    """Say so where something is drawn and nothing can be seen: a reader would take the page for an empty one."""
    if share > 0:
        return ()
    if look.pictures:
        return ("the page draws pictures, but nothing of them is visible",)
    if look.page.parent.is_pdf and look.page.get_images():
        return ("the page holds pictures, but draws none",)
    if any(kind in {"fill-text", "stroke-text"} for kind, _ in look.page.get_bboxlog()):
        return ("the page draws text, but nothing of it is visible",)
    return ()


@contextmanager
def _faults(error: type[CorruptDocument | RenderFailed], page_no: int | None = None) -> Iterator[None]:
    """Turn a parser's failure into the document's fault, in one line."""
    where = "" if page_no is None else f"page {page_no}: "
    try:
        yield
    except (DocumentError, MemoryError):
        raise
    except mupdf.errors.FzErrorLimit as fault:
        raise DocumentTooLarge(where + one_line(fault)) from None
    except Exception as fault:  # noqa: BLE001 - a parser that trusts what it parsed raises anything
        if mupdf.is_out_of_memory(fault):
            raise MemoryError from None
        words = "; ".join((one_line(fault.__cause__ or fault), *drain_notes()[:3]))
        raise error(where + words) from None
