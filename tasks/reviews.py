"""What people say of pages: marks, kept beside the tables that runs write, and written by nobody else."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections.abc import Iterable, Sequence
from datetime import datetime

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.arrow import arrow_schema, from_arrow, to_arrow
from schemas.errors import OutputFault
from schemas.records import REVIEWS, ReviewRecord
from tasks.places import Place, Where, place_at
from tasks.sinks.form import form

PART_ROWS = 1_000
"""Marks of one part: it is written anew with each mark, which takes a few milliseconds up to here."""

MarkedPage = tuple[str, str, int, str, str | None, str | None]
"""Names a page as a mark does: document, path, number, operation, variant, model."""


class Sitting:
    """The marks of one reviewer at work, each on disk before it counts as made. Several can sit at once."""

    def __init__(self, out: Where, begun_at: datetime) -> None:
        self._place = place_at(out)
        self._begun = f"{begun_at:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        self._rows: list[ReviewRecord] = []
        self._part = 0
        self._writing = threading.Lock()

    def mark(self, review: ReviewRecord) -> None:
        """Keep a mark.

        Raises:
            OutputFault: if it cannot be written; then it is not made.
        """
        with self._writing:
            rows = [*self._rows, review]
            _write(self._place, f"{self._begun}-{self._part:04}", rows)
            full = len(rows) >= PART_ROWS
            self._rows, self._part = ([], self._part + 1) if full else (rows, self._part)


def add_reviews(out: Where, reviews: Sequence[ReviewRecord], origin: bytes) -> None:
    """Keep marks that were made elsewhere; the same *origin* twice keeps them once.

    Raises:
        OutputFault: if they cannot be written.
    """
    _write(place_at(out), f"import-{hashlib.sha256(origin).hexdigest()[:16]}", reviews)


def read_reviews(out: Where) -> list[ReviewRecord]:
    """Read every mark that was ever made, in no order.

    Raises:
        OutputFault: if a part is damaged.
    """
    place = place_at(out)
    try:
        rows = place.dataset(REVIEWS, arrow_schema(ReviewRecord)).to_table()
    except (OSError, pa.ArrowInvalid) as error:
        msg = f"cannot read {place.at(REVIEWS)}: {error}"
        raise OutputFault(msg, advice="restore the file that it names, or move it away") from error
    return from_arrow(ReviewRecord, rows)


def latest_reviews(reviews: Iterable[ReviewRecord]) -> dict[MarkedPage, ReviewRecord]:
    """Give the mark of each page that counts: the latest."""
    ordered = sorted(reviews, key=lambda review: review.marked_at)
    return {(it.doc_id, it.source, it.page_no, it.operation, it.variant, it.model): it for it in ordered}


def _write(place: Place, part: str, reviews: Sequence[ReviewRecord]) -> None:
    table = to_arrow(ReviewRecord, reviews)
    with place.writing(f"{REVIEWS}/{part}.parquet") as file:
        pq.write_table(table, file, **form(table.column_names))
