"""What every readable document offers, whether PyMuPDF or Pillow reads it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from PIL import Image

from schemas.documents import PageFacts
from schemas.pixels import Size


@dataclass(frozen=True, slots=True)
class Scan:
    """A page that is nothing but one JPEG: its bytes as they stand in the file, and its size in pixels.

    `grey` says that it has one channel.
    """

    data: bytes = field(repr=False)
    size: Size
    grey: bool


class PageSource(Protocol):
    """An open document. Page numbers are 1-based.

    Every method raises `DocumentError` (mostly `RenderFailed`) where the page does not yield what is asked.
    """

    page_count: int
    page_labels: tuple[str, ...]
    encrypted: bool
    notes: tuple[str, ...]

    def pymupdf_page(self, page_no: int) -> Any | None:
        """The `pymupdf.Page`, for its text layer and images; None where the document is a plain picture."""
        ...

    def natural_size(self, page_no: int) -> Size:
        """How many pixels the page has to offer: its own where it is a picture, 200 dpi where it is drawn."""
        ...

    def picture(self, page_no: int, size: Size) -> Image.Image:
        """The page as displayed, at exactly *size*, in mode RGB or L, on white."""
        ...

    def scan(self, page_no: int) -> Scan | None:
        """The JPEG that the page consists of, if it shows that and nothing else, upright and uncut."""
        ...

    def facts(self, page_no: int, picture: Image.Image) -> PageFacts:
        """What is known of the page without a model; *picture* is the page at any size."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...
