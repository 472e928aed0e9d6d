"""An output, open for reading."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

import pyarrow as pa
import pyarrow.dataset as ds

from flows.results import frames
from flows.results.darkroom import Darkroom
from flows.results.documents import ReadDocument, document_of
from flows.results.finding import Reading, find
from flows.results.furniture import undressed, undressed_rows
from flows.results.latest import SEEN, column_names, current, latest, of_current
from flows.results.tables import Tables
from schemas.arrow import columns as columns_of
from schemas.arrow import from_arrow
from schemas.errors import DocumentError
from schemas.records import ALL_TABLES, FileRecord, PageRecord
from tasks.places import Where

if TYPE_CHECKING:
    import pandas as pd
    from PIL.Image import Image

R = TypeVar("R", PageRecord, FileRecord)
Key = tuple[str, str, str, str]
"""What tells one reading of one file from all others, whatever the file was called when it was read."""

PAGES_AT_ONCE = 2_000
"""Pages that `documents` holds at once: more would only cost memory."""
_READING = ("source", "name", "operation", "model", "variant")


class Results:
    """The tables of an output, its documents and their pictures. What was read stays as it was read."""

    def __init__(
        self, out: Where, *, history: bool = False, passwords: tuple[str, ...] = (), furniture: bool = True
    ) -> None:
        self.out = out
        self.history = history
        self.furniture = furniture
        self._tables = Tables(out)
        self.place = self._tables.place
        self.passwords = passwords
        self._darkroom = Darkroom()

    def __enter__(self) -> Self:
        """Give the results themselves."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End what draws pictures."""
        self.close()

    def __repr__(self) -> str:
        """Say what is open."""
        return f"Results({str(self.out)!r}{', history=True' if self.history else ''})"

    def close(self) -> None:
        """End the process that draws pictures, if there is one; everything can still be read."""
        self._darkroom.close()

    @cached_property
    def files(self) -> pd.DataFrame:
        """A row for each file: its status, its pages by status, its calls, tokens and cost."""
        return self.frame("files")

    @cached_property
    def pages(self) -> pd.DataFrame:
        """A row for each page of each reading of it: status, text, flags, tokens, cost."""
        return self.frame("pages")

    @cached_property
    def calls(self) -> pd.DataFrame:
        """A row for each wire send, whatever came of it."""
        return self.frame("calls")

    @cached_property
    def runs(self) -> pd.DataFrame:
        """A row for each run."""
        return self.frame("runs")

    @cached_property
    def reviews(self) -> pd.DataFrame:
        """A row for each page that a person has marked: the latest mark."""
        return self.frame("reviews")

    @cached_property
    def flags(self) -> pd.DataFrame:
        """A row for each flag of each page."""
        return frames.flags_of(self.pages)

    @cached_property
    def extracted(self) -> dict[str, pd.DataFrame]:
        """What was extracted by schemas, as typed columns: `invoice`, a row for each file, `invoice_lines` and so on.

        They join by `doc_id`, `file_source` and `read_by`. Empty where nothing was extracted.

        Raises:
            UsageFault: if a schema is no longer where it was.
        """
        from flows.results.extracted import extracted

        return {name: frames.typed(rows) for name, rows in extracted(self)}

    @cached_property
    def pages_with_files(self) -> pd.DataFrame:
        """The pages, each with what is known of its file: `media_type`, `page_count`, `file_status` and so on."""
        return frames.with_files(self.pages, frames.frame(latest(self._rows("files"), "files"), "files"))

    @cached_property
    def calls_with_pages(self) -> pd.DataFrame:
        """The calls, each with the page that it was about: `page_no`, `source`, `name`, `page_status`, `flags`."""
        columns = ["doc_id", "page_no", "recipe_id", "source", "name", "status", "flags", "calls"]
        pages = self._tables.read("pages", [*columns, "finished_at"])
        return frames.with_pages(self.calls, frames.frame(pages, "pages"))

    async def estimates(self) -> pd.DataFrame:
        """Say what an estimate would have said, beside what it came to, a row for each way of asking.

        The files are looked at again, as they lie now.

        Raises:
            RunError: if settings of a run name what no longer exists.
        """
        import pandas as pd

        from flows.results.estimates import estimates

        return pd.DataFrame(await estimates(self, self.passwords))

    def frame(self, table: str, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """Read a table, or some of its *columns*: without `text`, a million pages fit in memory."""
        return frames.frame(self.arrow(table, columns), table)

    def arrow(self, table: str, columns: Sequence[str] | None = None, rows: ds.Expression | None = None) -> pa.Table:
        """Read a table, or some of its *columns* and *rows*, as Arrow has it."""
        wanted = list(columns) if columns is not None else None
        if self.history:
            found = self._tables.read(table, wanted, rows)
        else:
            found = latest(self._rows(table, wanted, rows), table)
            found = found.select(wanted) if wanted is not None else found
        return found if self.furniture or table != "pages" else undressed_rows(found)

    def document(
        self, name: str, *, operation: str | None = None, model: str | None = None, variant: str | None = None
    ) -> ReadDocument:
        """Give one document: by its path, its name below the folder that was read, or the end of its path.

        *operation*, *model* and *variant* (the schema, the target language, the question) say which reading is meant
        where there are several.

        Raises:
            UsageFault: if there is none, or more than one is meant; names what there is.
        """
        found = find(name, self.readings, operation=operation, model=model, variant=variant)
        (document,) = self._documents([found])
        return document

    def documents(self, sources: Iterable[str] | None = None) -> Iterator[ReadDocument]:
        """Give all documents, or those of these *sources*, by path, a few in memory at once."""
        wanted = None if sources is None else frozenset(sources)
        for some in self._portions():
            chosen = some if wanted is None else [reading for reading in some if reading.source in wanted]
            if chosen:
                yield from self._documents(chosen)

    def page_image(
        self,
        name: str,
        page_no: int,
        dpi: float = 100,
        *,
        max_side: int = 2_000,
        operation: str | None = None,
        model: str | None = None,
        variant: str | None = None,
    ) -> Image:
        """Draw a page again, in a process of its own, from the file as it lies now.

        Raises:
            UsageFault: if there is no such document or page.
            DocumentError: if the file is gone, holds other bytes than those that were read, or cannot be drawn.
        """
        document = self.document(name, operation=operation, model=model, variant=variant)
        return document.page(page_no).image(dpi, max_side=max_side)

    @cached_property
    def readings(self) -> tuple[Reading, ...]:
        """Every reading of every file, by path, also of files of which no page could be read."""
        found: dict[Key, Reading] = {}
        for table in ("pages", "files"):  # a file's own row has the name by which it was found last
            distinct = latest(self._rows(table, _READING), table).group_by(list(_READING)).aggregate([])
            readings = (Reading(**row | {"variant": row["variant"] or ""}) for row in distinct.to_pylist())
            found |= {_key(reading): reading for reading in readings}
        return tuple(sorted(found.values()))

    @cached_property
    def _current(self) -> pa.Array:
        return current(*(self._tables.read(table, SEEN) for table in ("pages", "files")))

    def _rows(self, table: str, columns: Sequence[str] | None = None, rows: ds.Expression | None = None) -> pa.Table:
        """Read what is to be chosen from; of pages and files only what is of the documents' present contents."""
        wanted = column_names(table, columns if columns is not None else _all(table))
        found = self._tables.read(table, wanted, rows)
        return of_current(found, self._current) if table in {"pages", "files"} else found

    def _portions(self) -> Iterator[list[Reading]]:
        pages = latest(self._rows("pages", ("source",)), "pages").group_by("source").aggregate([("page_no", "count")])
        counts = dict(zip(pages["source"].to_pylist(), pages["page_no_count"].to_pylist(), strict=True))
        some: list[Reading] = []
        held = 0
        for reading in self.readings:
            if some and held >= PAGES_AT_ONCE and reading.source != some[-1].source:
                yield some
                some, held = [], 0
            held += counts.get(reading.source, 0) if not some or some[-1].source != reading.source else 0
            some.append(reading)
        if some:
            yield some

    def _documents(self, readings: Sequence[Reading]) -> Iterator[ReadDocument]:
        sources = ds.field("source").isin(list(dict.fromkeys(reading.source for reading in readings)))
        pages = _by_reading(from_arrow(PageRecord, latest(self._rows("pages", rows=sources), "pages")))
        files = _by_reading(from_arrow(FileRecord, latest(self._rows("files", rows=sources), "files")))
        for reading in readings:
            key = _key(reading)
            file = next(iter(files[key]), None)
            shown = pages[key] if self.furniture else [undressed(page) for page in pages[key]]
            yield document_of(shown, file, self._draw)

    def _draw(self, record: PageRecord, dpi: float, max_side: int) -> Image:
        from tasks.picture import Wanted, draw

        try:
            return self._darkroom.run(draw, Wanted.of(record, dpi, max_side, self.passwords))
        except DocumentError as error:
            msg = f"page {record.page_no} of {record.source} cannot be drawn: {error}"
            raise type(error)(msg) from None


def _all(table: str) -> list[str]:
    return [column.name for column in columns_of(ALL_TABLES[table])]


def _key(row: PageRecord | FileRecord | Reading) -> Key:
    return row.source, row.operation, row.variant or "", row.model


def _by_reading(rows: Iterable[R]) -> defaultdict[Key, list[R]]:
    found: defaultdict[Key, list[R]] = defaultdict(list)
    for row in rows:
        found[_key(row)].append(row)
    return found
