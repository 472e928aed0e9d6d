"""A document as it was read: one text with anchors, and its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.results.finding import Reading
from schemas.errors import UsageFault
from schemas.records import FileRecord, PageRecord

if TYPE_CHECKING:
    from PIL.Image import Image

Draws = Callable[[PageRecord, float, int], "Image"]
"""Draws a page from its source, at that many dots an inch and at most so many pixels on a side."""

_FENCE = "```"


@dataclass(frozen=True)
class ReadPage:
    """A page as it was read; everything else that is known of it stands in its `record`."""

    record: PageRecord
    _draws: Draws

    @property
    def page_no(self) -> int:
        """The number of the page, from 1."""
        return self.record.page_no

    @property
    def status(self) -> str:
        """What became of the page."""
        return self.record.status

    @property
    def text(self) -> str:
        """What was read; a structured result as its JSON; empty where nothing was read."""
        return self.record.text or self.record.result or ""

    def image(self, dpi: float = 100, *, max_side: int = 2_000) -> Image:
        """Draw the page again, from the file as it lies now.

        Raises:
            DocumentError: if the file is gone, holds other bytes than those that were read, or cannot be drawn.
        """
        return self._draws(self.record, dpi, max_side)

    def __repr__(self) -> str:
        """Say which page it is, without its text."""
        return f"<page {self.page_no} of {self.record.name!r}: {self.status}>"

    def _repr_html_(self) -> str:
        from flows.results.display import page_html

        return page_html(self)


@dataclass(frozen=True)
class ReadDocument:
    """A document as one model read it for one operation. `file` is absent while its last pages are on their way."""

    reading: Reading
    file: FileRecord | None
    pages: tuple[ReadPage, ...]

    @property
    def source(self) -> str:
        """The path of the file."""
        return self.reading.source

    @property
    def name(self) -> str:
        """The path below the folder that was read."""
        return self.reading.name

    @property
    def operation(self) -> str:
        """What was asked."""
        return self.reading.operation

    @property
    def variant(self) -> str:
        """Which of several things was asked: the schema, the target language, the question; else empty."""
        return self.reading.variant

    @property
    def model(self) -> str:
        """The model that was asked."""
        return self.reading.model

    @property
    def text(self) -> str:
        """The whole document as Markdown, each page behind its anchor `page-N`; what is missing says so."""
        return "\n\n".join(_anchored(page.record) for page in self.pages)

    def page(self, page_no: int) -> ReadPage:
        """Give one page.

        Raises:
            UsageFault: if there is no row of such a page.
        """
        for page in self.pages:
            if page.page_no == page_no:
                return page
        there = f"its rows are of pages {_ranges(page.page_no for page in self.pages)}" if self.pages else "it has none"
        msg = f"{self.name} has no row of page {page_no}: {there}"
        raise UsageFault(msg, advice="read that page with a run, or name another")

    def __repr__(self) -> str:
        """Say which document it is, without its pages."""
        return f"<{self.name!r}, {len(self.pages)} pages: {self.reading}>"

    def _repr_html_(self) -> str:
        from flows.results.display import document_html

        return document_html(self)


def document_of(pages: Sequence[PageRecord], file: FileRecord | None, draws: Draws) -> ReadDocument:
    """Make a document of its rows, of which there is at least one."""
    row: PageRecord | FileRecord | None = file or next(iter(pages), None)
    if row is None:
        msg = "a document has a row of its own or of a page"
        raise ValueError(msg)
    read = tuple(ReadPage(page, draws) for page in sorted(pages, key=lambda page: page.page_no))
    return ReadDocument(Reading(row.source, row.name, row.operation, row.model, row.variant or ""), file, read)


def _anchored(page: PageRecord) -> str:
    lines = [f'<a id="page-{page.page_no}"></a>', *_remark(page), *_body(page)]
    return "\n\n".join(lines)


def _remark(page: PageRecord) -> Iterable[str]:
    """Say in a comment that a page is not simply as it was read. Only codes of ours stand there, which close none."""
    if page.status == "ok":
        return
    reasons = dict.fromkeys(filter(None, (page.error_kind, *(flag.name for flag in page.flags))))
    why = ", ".join(reason for reason in reasons if reason != page.status)
    yield f"<!-- page {page.page_no}: {page.status}{f' ({why})' if why else ''} -->"


def _body(page: PageRecord) -> Iterable[str]:
    if page.text and page.text_format == "latex":
        yield _fenced(page.text, "latex")
    elif page.text:
        yield page.text
    elif page.result:
        yield _fenced(page.result, "json")


def _fenced(text: str, language: str) -> str:
    fence = _FENCE
    while fence in text:
        fence += "`"
    return f"{fence}{language}\n{text}\n{fence}"


def _ranges(page_nos: Iterable[int]) -> str:
    numbers = sorted(page_nos)
    starts = [number for number in numbers if number - 1 not in numbers]
    ends = [number for number in numbers if number + 1 not in numbers]
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True))
