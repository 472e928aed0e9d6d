"""Parquet files in folders, one folder a table: pandas, DuckDB and Polars read them as they lie."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from schemas.arrow import from_arrow, to_arrow
from schemas.errors import OutputFault
from schemas.records import TABLES, Record
from tasks.aside import output_fault, sweep, written_aside
from tasks.ports import PartSize
from tasks.sinks.damage import readable
from tasks.sinks.folders import clear
from tasks.sinks.form import ROWS_PER_GROUP, form
from tasks.sinks.merged import MergedParts, is_merged
from tasks.sinks.merging import merge, split
from tasks.sinks.names import PART_NAME, file_of, folder_of

_LOOKS = 5
"""How often a part is looked for anew that was merged or split a moment ago."""


class ParquetSink:
    """Parts under `OUT/<table>/<part>.parquet`, each whole under its name or not there.

    The same rows give the same bytes. What writers that died have left is deleted when the sink is made.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        self._merged = {table: MergedParts(out / table) for table in TABLES}
        self._moving = {table: threading.Lock() for table in TABLES}
        sweep(out)
        clear(out)

    def write(self, table: str, part: str, records: Sequence[Record]) -> None:
        """Write or replace one part, atomically. If it was merged with others, they are separate parts after that.

        Raises:
            OutputFault: if it cannot be written (space, rights).
        """
        path = self._path(table, part)
        rows = to_arrow(TABLES[table], records)
        self._take_apart(table, part)
        with written_aside(self._out, path, place=partial(self._place, table)) as file:
            pq.write_table(rows, file, row_group_size=ROWS_PER_GROUP, **form(rows.column_names))

    def read(self, table: str, part: str) -> Sequence[Record]:
        """Read a part back, also one that was merged with others; an absent part has no rows.

        Raises:
            OutputFault: if it cannot be read, or is not what was written.
        """
        for _ in range(_LOOKS):
            with suppress(FileNotFoundError):
                return self._records(table, part)
        msg = f"part {part} of {self._out / table} was merged or split while it was read"
        raise OutputFault(msg, advice="run the same command again")

    def merge(self, table: str, *, target_bytes: int, leave: frozenset[str] = frozenset()) -> None:
        """Merge small parts, but those of *leave*, into files of about *target_bytes*; rows are seen once throughout.

        Parts are found under their names as before. Nobody else may write to this output meanwhile.

        Raises:
            OutputFault: if it cannot be done; the table is then as it was.
        """
        with self._moving[table]:
            merge(self._out, table, target_bytes=target_bytes, leave=leave)

    def parts(self, table: str) -> Sequence[str]:
        """Name the parts that are there, sorted."""
        found = (path.stem for path in self._folder(table).glob("*.parquet"))
        return sorted(part for part in found if PART_NAME.fullmatch(part))

    def size(self, table: str, part: str) -> PartSize:
        """Measure a part that is there, without reading its rows."""
        path = self._path(table, part)
        with readable(path):
            return PartSize(rows=pq.read_metadata(path).num_rows, size_bytes=path.stat().st_size)

    def sizes(self, table: str) -> Mapping[str, PartSize]:
        """Measure every part of a table, by name, sorted."""
        return {part: self.size(table, part) for part in self.parts(table)}

    def _path(self, table: str, part: str) -> Path:
        return self._out / file_of(table, part)

    def _folder(self, table: str) -> Path:
        return self._out / folder_of(table)

    def _records(self, table: str, part: str) -> Sequence[Record]:
        path = self._path(table, part)
        if path.exists():
            with readable(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
                return from_arrow(TABLES[table], file.read())
        stretch = self._merged[table].find(part)
        if stretch is not None:
            with readable(stretch.path):
                return from_arrow(TABLES[table], self._merged[table].read(stretch))
        if path.exists() or is_merged(part):
            raise FileNotFoundError(path)  # it was moved between two looks
        return ()

    def _take_apart(self, table: str, part: str) -> None:
        """Split the file that a part was merged into, so that the part can be written."""
        with self._moving[table]:
            try:
                merged = self._merged[table].find(part)
            except OSError as error:
                raise output_fault(self._folder(table), error) from error
            if merged is not None:
                split(self._out, table, merged.path)

    def _place(self, table: str, path: Path, final: Path) -> None:
        """Move a finished part to its name, not while the folder is being replaced."""
        with self._moving[table]:
            path.replace(final)
