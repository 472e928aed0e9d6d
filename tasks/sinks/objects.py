"""Parquet parts as objects of a store: pandas, DuckDB and Polars read them where they lie."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.arrow import from_arrow, to_arrow
from schemas.errors import OutputFault
from schemas.records import TABLES, Record
from tasks.places import Objects
from tasks.ports import PartSize
from tasks.sinks import AT_ONCE
from tasks.sinks.damage import readable
from tasks.sinks.form import ROWS_PER_GROUP, form
from tasks.sinks.merged import is_merged, listed_contents
from tasks.sinks.names import ENDING, PART_NAME, file_of, folder_of

_FOOTER = 64 * 2**10
"""Bytes at the end of a part that hold its footer, but for very wide or very long ones."""


class ObjectSink:
    """Parts under `OUT/<table>/<part>.parquet`, each put there whole by one request, or not there.

    The same rows give the same bytes. Parts that were merged on a disk, before the output was copied to the store,
    are read where they are; they cannot be written anew here.
    """

    def __init__(self, place: Objects) -> None:
        self._place = place
        self._merged: dict[str, Mapping[str, tuple[str, int, int]]] = {}
        self._looking = threading.Lock()

    def write(self, table: str, part: str, records: Sequence[Record]) -> None:
        """Write or replace one part, atomically.

        Raises:
            OutputFault: if it cannot be written, or is part of a merged file.
        """
        name, rows = file_of(table, part), to_arrow(TABLES[table], records)
        if part in self._in_merged(table):
            msg = f"part {part} of {self._place.at(table)} was merged with others, and no store can take it out at once"
            raise OutputFault(msg, advice="copy the output to a disk, run there, and copy it back")
        with self._place.writing(name) as file:
            pq.write_table(rows, file, row_group_size=ROWS_PER_GROUP, **form(rows.column_names))

    def read(self, table: str, part: str) -> Sequence[Record]:
        """Read a part back; an absent part has no rows.

        Raises:
            OutputFault: if it cannot be read, or is not what was written.
        """
        try:
            return from_arrow(TABLES[table], self._table(file_of(table, part)))
        except FileNotFoundError:
            found = self._in_merged(table).get(part)
        if found is None:
            return ()
        name, start, rows = found
        return from_arrow(TABLES[table], self._table(name).slice(start, rows))

    def parts(self, table: str) -> Sequence[str]:
        """Name the parts that are there, sorted."""
        return sorted(self._found(table))

    def size(self, table: str, part: str) -> PartSize:
        """Measure a part that is there, without reading its rows."""
        return self._measured(table, part, self._found(table)[part])

    def sizes(self, table: str) -> Mapping[str, PartSize]:
        """Measure every part of a table, by name, sorted: one list, and of each part its end."""
        found = sorted(self._found(table).items())
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="footer") as threads:
            measured = threads.map(lambda item: self._measured(table, *item), found)
            return dict(zip((part for part, _ in found), measured, strict=True))

    def _found(self, table: str) -> dict[str, int]:
        """List the parts that are there, each with its size in bytes."""
        files = self._place.files(folder_of(table))
        named = {name.removesuffix(ENDING): size for name, size in files.items() if name.endswith(ENDING)}
        return {part: size for part, size in named.items() if PART_NAME.fullmatch(part)}

    def _measured(self, table: str, part: str, size_bytes: int) -> PartSize:
        return PartSize(rows=self._footer(file_of(table, part), size_bytes).num_rows, size_bytes=size_bytes)

    def _footer(self, name: str, size_bytes: int) -> pq.FileMetaData:
        with readable(self._place.at(name)):
            end = self._place.read(name, max(0, size_bytes - _FOOTER))
            needed = int.from_bytes(end[-8:-4], "little") + 8
            if needed > len(end):
                end = self._place.read(name, max(0, size_bytes - needed))
            return pq.read_metadata(pa.BufferReader(end))

    def _table(self, name: str) -> pa.Table:
        with readable(self._place.at(name)):
            content = pa.BufferReader(self._place.read(name))
            with pq.ParquetFile(content, page_checksum_verification=True) as file:
                return file.read()

    def _in_merged(self, table: str) -> Mapping[str, tuple[str, int, int]]:
        """Say of parts that lie in merged files in which, from which row, and how many rows. Nobody merges here."""
        with self._looking:
            if table not in self._merged:
                self._merged[table] = self._look_for_merged(table)
            return self._merged[table]

    def _look_for_merged(self, table: str) -> Mapping[str, tuple[str, int, int]]:
        stretches: dict[str, tuple[str, int, int]] = {}
        for part, size_bytes in self._found(table).items():
            if is_merged(part):
                name, start = file_of(table, part), 0
                for held, rows in listed_contents(self._footer(name, size_bytes), part).items():
                    stretches[held] = (name, start, rows)
                    start += rows
        return stretches
