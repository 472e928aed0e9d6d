"""What there is to review: the pages of an output that deserve a look most, each as one line of the list."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from flows.results import Results
from flows.results.finding import matching
from schemas.arrow import from_arrow
from schemas.records import PageRecord, ReviewRecord
from tasks.reviews import MarkedPage, latest_reviews, read_reviews

_LINE = (
    "source",
    "name",
    "page_no",
    "page_label",
    "operation",
    "variant",
    "model",
    "request_key",
    "doc_id",
    "status",
    "flags",
)
_READING = ("source", "page_no", "operation", "variant", "model")
_ALSO = ("language", "ocr_score")
_TEXTS = ("text", "source_text", "result", "name")
_BAD: Mapping[str, float] = {
    "failed": 1.0,
    "blocked": 1.0,
    "invalid": 1.0,
    "truncated": 0.9,
    "suspect": 0.8,
    "skipped": 0.1,
    "blank": 0.1,
}
"""What a status alone says against a page, on the scale of flags."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A page in the list. `doubt` (0-1) says how much speaks against it; `mark` is what a person has said of it."""

    id: str
    name: str
    page_no: int
    page_label: str
    status: str
    operation: str
    variant: str | None
    model: str
    language: str | None
    flags: tuple[str, ...]
    doubt: float
    mark: str | None


@dataclass(frozen=True, slots=True)
class Identity:
    """Which page it is: of which file, of which bytes, read how."""

    source: str
    name: str
    page_no: int
    operation: str
    variant: str | None
    model: str
    doc_id: str


@dataclass(frozen=True)
class Gathered:
    """The pages to look at, in the order of their documents. `of` is how many there are in all."""

    read: Results
    lines: tuple[Line, ...]
    pages: Mapping[str, PageRecord]
    of: int
    _texts: pa.Table

    def search(self, words: str) -> list[str]:
        """Name the pages in which all of these words stand, in any case."""
        found = pa.array([True] * self._texts.num_rows)
        for word in words.split():
            hits = [
                pc.fill_null(pc.match_substring(self._texts[name], word, ignore_case=True), fill_value=False)
                for name in _TEXTS
            ]
            anywhere = hits[0]
            for hit in hits[1:]:
                anywhere = pc.or_(anywhere, hit)
            found = pc.and_(found, anywhere)
        names: list[str] = self._texts["id"].filter(found).to_pylist()
        return names


def doubt(status: str, flags: Iterable[Mapping[str, Any]], ocr_score: float | None) -> float:
    """Say how much speaks against a page: the strongest of its status, its flags and its reader's own uncertainty."""
    uncertain = 0.0 if ocr_score is None else 1 - ocr_score
    against: list[float] = [_BAD.get(status, 0.0), uncertain, *(flag["score"] for flag in flags)]
    return round(min(1.0, max(against)), 3)


def gather(read: Results, *, limit: int, statuses: frozenset[str] | None = None, file: str | None = None) -> Gathered:
    """Pick the pages of these statuses and this file; of more than *limit* the most doubtful.

    Raises:
        UsageFault: if *file* is the name of none.
        OutputFault: if a table cannot be read.
    """
    found = _chosen(read, statuses, file)
    every = [row | {"doubt": doubt(row["status"], row["flags"], row["ocr_score"])} for row in found.to_pylist()]
    most = sorted(every, key=lambda row: -row["doubt"])[:limit]
    marks = latest_reviews(read_reviews(read.place))
    rows = sorted(
        most,
        key=lambda row: (
            row["name"],
            row["source"],
            row["page_no"],
            row["operation"],
            row["variant"] or "",
            row["model"],
        ),
    )
    lines = tuple(_line(row, marks) for row in rows)
    whole = _whole(read, rows)
    pages = {page_id(page): page for page in from_arrow(PageRecord, whole)}
    texts = whole.select(list(_TEXTS)).append_column("id", pa.array(list(pages), pa.string()))
    known = {line.id for line in lines}
    return Gathered(read, lines, {name: page for name, page in pages.items() if name in known}, len(every), texts)


def identified(read: Results) -> dict[str, Identity]:
    """Give every page by its name in addresses and files."""
    rows = read.arrow("pages", ["source", "name", "page_no", "operation", "variant", "model", "doc_id"]).to_pylist()
    return {page_id(page): page for page in (Identity(**row) for row in rows)}


def page_id(page: PageRecord | Identity) -> str:
    """Name a page in addresses and files: by its path, its number, and what read it how."""
    return _id(page.source, page.page_no, page.operation, page.variant, page.model)


def mark_of(page: PageRecord, marks: Mapping[MarkedPage, ReviewRecord]) -> ReviewRecord | None:
    """Give the mark of a page as it was read now; what was said of another answer is not said of this one."""
    found = marks.get((page.doc_id, page.source, page.page_no, page.operation, page.variant, page.model))
    return found if found is not None and found.request_key == page.request_key else None


def _chosen(read: Results, statuses: frozenset[str] | None, file: str | None) -> pa.Table:
    rows = read.arrow("pages", [*_LINE, *_ALSO])
    if statuses is not None:
        rows = rows.filter(pc.is_in(rows["status"].cast(pa.string()), value_set=pa.array(sorted(statuses))))
    if file is not None:
        sources = pa.array({reading.source for reading in matching(file, read.readings)})
        rows = rows.filter(pc.is_in(rows["source"], value_set=sources))
    return rows


def _whole(read: Results, rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    return read.arrow("pages", rows=ds.field("request_key").isin(sorted({row["request_key"] for row in rows})))


def _line(row: Mapping[str, Any], marks: Mapping[MarkedPage, ReviewRecord]) -> Line:
    mark = marks.get((row["doc_id"], *(row[name] for name in _READING)))
    return Line(
        id=_id(*(row[name] for name in _READING)),
        mark=mark.mark if mark is not None and mark.request_key == row["request_key"] else None,
        flags=tuple(flag["name"] for flag in row["flags"]),
        **{name: row[name] for name in ("name", "page_no", "page_label", "status", "operation", "variant", "model")},
        **{name: row[name] for name in ("language", "doubt")},
    )


def _id(*reading: str | int | None) -> str:
    named = "\0".join("" if part is None else str(part) for part in reading)
    return hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()[:16]
