"""Documents, their pages and their pixels, on the way in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from schemas.errors import DocumentError


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A path that discovery found, before anything has been read of it.

    `path` is what the system opens (it may hold surrogate escapes), `source` the same as clean text for tables,
    `name` the path below the folder that the user named. `explicit` says that the user named the file itself,
    not a folder that it was found in.

    Of a file that lies elsewhere, `path` and `source` are its address without what opens it, `url` is the whole of it,
    and `version` is what its store calls the state that was listed; its size is 0 where the store does not say it.
    """

    path: str
    source: str
    name: str
    size_bytes: int
    modified_at: datetime | None
    mtime_ns: int
    explicit: bool = True
    url: str | None = field(default=None, repr=False)
    version: str | None = None


@dataclass(frozen=True)
class Document:
    """A source file that was identified: its content's hash, its format and its pages.

    `page_labels` is empty where every label is the page number. `password` opened it and is never stored.
    `notes` are the parser's complaints about the whole file.
    """

    file: SourceFile
    doc_id: str
    media_type: str
    page_count: int
    page_labels: tuple[str, ...] = ()
    encrypted: bool = False
    password: str | None = field(default=None, repr=False, compare=False)
    notes: tuple[str, ...] = ()

    @cached_property
    def pages(self) -> tuple[int, ...]:
        """All page numbers, 1-based."""
        return tuple(range(1, self.page_count + 1))

    def page_label(self, page_no: int) -> str:
        """What the document itself calls the page; its number where it says nothing."""
        return self.page_labels[page_no - 1] if page_no <= len(self.page_labels) else str(page_no)


@dataclass(frozen=True, slots=True)
class RejectedDocument:
    """A source file that could not be identified; becomes a row of `files` with the reason."""

    file: SourceFile
    error: DocumentError
    doc_id: str | None = None


@dataclass(frozen=True, slots=True)
class PageImage:
    """The pixels of one page as they go to a model: encoded bytes, and their size in pixels."""

    data: bytes = field(repr=False)
    media_type: str
    width: int
    height: int
    passed_through: bool = False


@dataclass(frozen=True, slots=True)
class PageFacts:
    """What is known of a page without a model; judging weighs the answer against it.

    `width` and `height` are in PDF points as displayed, `rotation` in degrees clockwise, `ink` the share of
    pixels (0-1) that differ from the page's background, `layer_text` the text layer in stream order with
    whitespace folded, `hidden_text` whether a part of that layer is invisible. `notes` are the renderer's
    complaints, and `damaged` says that it had any: what it drew may not be all that stands there.
    """

    width: float = 0.0
    height: float = 0.0
    rotation: int = 0
    ink: float | None = None
    layer_text: str = ""
    hidden_text: bool = False
    notes: tuple[str, ...] = ()
    damaged: bool = False


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """What a render worker gives back for one page, or for one frame of a film, which is shown at that `second`."""

    page_no: int
    facts: PageFacts
    image: PageImage
    second: float | None = None


class Strip(NamedTuple):
    """A part of a page as wide as the page: where it begins and ends, as shares (0-1) of the height from the top."""

    top: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive pages of one document that go into one request, or a strip of one page."""

    document: Document
    page_nos: tuple[int, ...]
    strip: Strip | None = None
