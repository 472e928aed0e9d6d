"""The files table: a file's row is written when the last of its pages has its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from schemas.documents import Document, RejectedDocument
from schemas.errors import MissingDocument, UnreachableDocument, UnreadableDocument
from schemas.records import FileRecord, PageRecord
from schemas.requests import Recipe
from tasks.plan import Placed
from tasks.ports import Sink
from tasks.shard import ShardReport
from tasks.sinks import read_each
from tasks.summarize import Totals, file_record, rejected_record, totals

R = TypeVar("R")

UNREAD = "unread"
"""The part that lists the files of which no page could be read."""
NOWHERE = frozenset({MissingDocument.kind, UnreachableDocument.kind})
BARRED = UnreadableDocument.kind


@dataclass(frozen=True, slots=True)
class _Open:
    document: Document
    selected: tuple[int, ...]


class Filing:
    """Keeps the documents whose pages are on their way, and writes their rows into the part of their last page."""

    def __init__(self, *, sink: Sink, placed: Placed, recipe: Recipe, run_id: str, now: Callable[[], datetime]) -> None:
        self._sink = sink
        self._placed = placed
        self._recipe = recipe
        self._run_id = run_id
        self._now = now
        self._open: dict[str, _Open] = {}
        self._unread: dict[str, FileRecord] = {}
        self._seen: set[str] = set()
        self._homes: set[str] = set()
        self._places: set[str] = set()

    def expect(self, document: Document, selected: tuple[int, ...], *, complete: bool) -> None:
        """Take note of a document; *complete* says that nothing of it will be written anew."""
        self._seen.add(document.file.source)
        self._homes.update(self._placed.shards(document.file.source, document.doc_id)[-1:])
        if not selected:
            self._unread[document.file.source] = self._row(_Open(document, ()), ())
        elif not complete:
            self._open[document.file.source] = _Open(document, selected)

    def look_into(self, places: Iterable[str]) -> None:
        """Take note of where files are looked for: what an earlier run said of the places themselves is over."""
        self._places.update(places)

    def reject(self, rejected: RejectedDocument) -> FileRecord:
        """Take note of a file that cannot be read."""
        row = rejected_record(rejected, recipe=self._recipe, run_id=self._run_id, now=self._now())
        self._seen.add(row.source)
        self._unread[row.source] = row
        return row

    @property
    def nothing_there(self) -> bool:
        """Whether the sources held nothing: no file at all, or only names that lead to none."""
        return all(source in self._unread and self._is_nowhere(self._unread[source]) for source in self._seen)

    def _is_nowhere(self, row: FileRecord) -> bool:
        """Say whether a row is of a name at which nothing stands, or of a source that could not even be looked into."""
        return row.error_kind in NOWHERE or (row.error_kind == BARRED and row.source in self._places)

    def file(self, report: ShardReport) -> None:
        """Write the rows of the files that this shard completed."""
        own: defaultdict[str, list[PageRecord]] = defaultdict(list)
        for row in report.rows:
            own[row.source].append(row)
        ready = [source for source in own if source in self._open and self._is_placed(self._open[source])]
        self._write({source: self._gather(self._open[source], own[source], report.shard_id) for source in ready})
        for source in ready:
            del self._open[source]

    def close(self, *, everywhere: bool = True) -> Totals:
        """Write what is left when the run ends, and add up every file that this run has seen.

        Their rows are looked for *everywhere*, or only where this run knows that they are: then not those of other
        versions of a file.
        """
        begun = {source: file for source, file in self._open.items() if self._placed_pages(file)}
        self._write({source: self._gather(file, (), "") for source, file in begun.items()})
        self._write_unread()
        parts = self._sink.parts("files") if everywhere else sorted({*self._homes, UNREAD})
        every = (row for rows in read_each(self._sink, "files", parts) for row in _only(FileRecord, rows))
        return totals(filter(self._mine, every))

    def _mine(self, row: FileRecord) -> bool:
        return row.source in self._seen and row.recipe_id == self._recipe.recipe_id

    def _is_outdated(self, row: FileRecord) -> bool:
        """Say whether this run's word on a file is the newer one, also where the question was put differently then."""
        recipe = self._recipe
        was, now = ((it.operation, it.variant, it.backend, it.model) for it in (row, recipe))
        return row.source in self._seen | self._places and was == now

    def _placed_pages(self, file: _Open) -> frozenset[int]:
        return self._placed.pages(file.document.file.source, file.document.doc_id)

    def _is_placed(self, file: _Open) -> bool:
        if self._placed.awaits_rewrite(file.document.file.source, file.document.doc_id):
            return False
        return self._placed_pages(file).issuperset(file.selected)

    def _gather(self, file: _Open, own: Sequence[PageRecord], shard_id: str) -> FileRecord:
        rows = list(own)
        source, doc_id = file.document.file.source, file.document.doc_id
        for other in self._placed.shards(source, doc_id):
            if other != shard_id:
                rows += [row for row in self._page_rows(other) if (row.source, row.doc_id) == (source, doc_id)]
        return self._row(file, sorted(rows, key=lambda row: row.page_no))

    def _row(self, file: _Open, rows: Sequence[PageRecord]) -> FileRecord:
        source, doc_id = file.document.file.source, file.document.doc_id
        return file_record(
            file.document,
            rows,
            selected=len(self._placed.pages(source, doc_id).union(file.selected)),
            duplicate_of=self._placed.first_carrier(doc_id, source, file.selected),
            recipe=self._recipe,
            run_id=self._run_id,
            now=self._now(),
        )

    def _write(self, rows: dict[str, FileRecord]) -> None:
        """Put each row into the part of the file's last page, and take it out of every other."""
        parts: defaultdict[str, list[FileRecord]] = defaultdict(list)
        touched: set[str] = set()
        for source, row in rows.items():
            shards = self._placed.shards(source, row.doc_id or "")
            parts[shards[-1]].append(row)
            self._homes.add(shards[-1])
            touched.update(shards)
        for part in sorted(touched):
            before = self._file_rows(part)
            after = sorted([row for row in before if row.source not in rows] + parts[part], key=lambda row: row.source)
            if after != before:
                self._sink.write("files", part, after)

    def _write_unread(self) -> None:
        """Rewrite the list of unread files: other runs' entries stay, this run's are as they are now."""
        before = self._file_rows(UNREAD)
        others = [row for row in before if not self._is_outdated(row)]
        after = sorted([*others, *self._unread.values()], key=lambda row: (row.source, row.recipe_id or ""))
        if after or before:
            self._sink.write("files", UNREAD, after)

    def _file_rows(self, part: str) -> list[FileRecord]:
        return _only(FileRecord, self._sink.read("files", part))

    def _page_rows(self, part: str) -> list[PageRecord]:
        return _only(PageRecord, self._sink.read("pages", part))


def _only(kind: type[R], rows: Iterable[object]) -> list[R]:
    return [row for row in rows if isinstance(row, kind)]
