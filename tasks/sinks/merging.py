"""Making few large files of many small ones, and small ones of a large one; readers see the ones or the others."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from schemas.arrow import Column, arrow_schema, columns
from schemas.errors import OutputFault
from schemas.records import TABLES
from tasks.sinks.damage import readable
from tasks.sinks.folders import link_all, rebuilt
from tasks.sinks.form import ROWS_PER_GROUP, form
from tasks.sinks.merged import CONTENTS, PREFIX, contents

ORDER: Mapping[str, tuple[str, ...]] = {
    "pages": ("operation", "finished_at", "source"),
    "files": ("operation", "finished_at", "source"),
    "calls": ("operation", "started_at"),
    "runs": ("started_at",),
}
"""By what parts are put one behind the other: as folders for each operation and each day would hold them, so that
groups of rows hold what is looked for together (docs/decisions/0013). Of times it is the day that counts."""


@dataclass(frozen=True, slots=True)
class PartFile:
    """A file of a table. `first` holds the least values of the columns that the table is ordered by, if it has rows."""

    path: Path
    size_bytes: int
    first: tuple[Any, ...] | None


def merge(root: Path, table: str, *, target_bytes: int, leave: frozenset[str]) -> None:
    """Merge the small files of a table into files of about *target_bytes*; those of the parts *leave* stay alone.

    Raises:
        OutputFault: if it cannot be done; the table is then as it was.
    """
    folder = root / table
    groups = plan([_measured(path, table) for path in _files(folder) if path.stem not in leave], target_bytes)
    if not groups:
        return
    gone = frozenset(part.path.name for group in groups for part in group)
    with rebuilt(root, folder) as new:
        link_all(folder, new, but=gone)
        for group in groups:
            _write_merged([part.path for part in group], new, table)


def split(root: Path, table: str, merged: Path) -> None:
    """Make the parts again that a merged file was made of.

    Raises:
        OutputFault: if it cannot be done; the table is then as it was.
    """
    folder = root / table
    with rebuilt(root, folder) as new:
        link_all(folder, new, but=frozenset({merged.name}))
        rows = _Rows([merged], table)
        for part, count in contents(merged).items():
            with (new / f"{part}.parquet").open("xb") as file:
                pq.write_table(rows.take(count), file, row_group_size=ROWS_PER_GROUP, **form(rows.schema.names))
                _to_disk(file)


def plan(parts: Iterable[PartFile], target_bytes: int) -> list[list[PartFile]]:
    """Group the parts that are to become one file. One that is half as large as wanted is large enough."""
    small = [part for part in parts if part.size_bytes < target_bytes / 2]
    groups: list[list[PartFile]] = []
    held = 0
    for part in sorted(small, key=lambda part: (part.first is not None, part.first, part.path.name)):
        if not groups or held + part.size_bytes > target_bytes:
            groups.append([])
            held = 0
        groups[-1].append(part)
        held += part.size_bytes
    return [group for group in groups if len(group) > 1]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.parquet")) if folder.is_dir() else []


def _measured(path: Path, table: str) -> PartFile:
    with readable(path):
        footer = pq.read_metadata(path)
    least = tuple(_least(footer, column) for column in ORDER[table])
    return PartFile(path, path.stat().st_size, None if None in least else least)


def _least(footer: pq.FileMetaData, name: str) -> Any:
    column = footer.schema.names.index(name)
    found = [footer.row_group(index).column(column).statistics for index in range(footer.num_row_groups)]
    values = [statistics.min for statistics in found if statistics is not None and statistics.has_min_max]
    least = min(values, default=None)
    return least.date() if isinstance(least, datetime) else least


def _write_merged(paths: Sequence[Path], folder: Path, table: str) -> None:
    rows = _Rows(paths, table)
    making = folder / "merged.tmp"
    with making.open("xb") as file:
        with pq.ParquetWriter(file, rows.schema, **form(rows.schema.names)) as writer:
            while (some := rows.take(ROWS_PER_GROUP)).num_rows:
                writer.write_table(some, row_group_size=ROWS_PER_GROUP)
            held = [item for path in paths for item in contents(path).items()]
            writer.add_key_value_metadata({CONTENTS.decode(): json.dumps(held)})
        _to_disk(file)
    with making.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    making.rename(folder / f"{PREFIX}{digest[:32]}.parquet")


class _Rows:
    """The rows of several files, taken from the front as many as are wanted, in the form of the table as it is now."""

    def __init__(self, paths: Sequence[Path], table: str) -> None:
        self.schema = arrow_schema(TABLES[table])
        self._columns = columns(TABLES[table])
        self._tables = (rows for path in paths for rows in self._read(path))
        self._held = self.schema.empty_table()

    def take(self, count: int) -> pa.Table:
        """Take *count* rows, or as many as are left."""
        while self._held.num_rows < count and (more := next(self._tables, None)) is not None:
            self._held = pa.concat_tables([self._held, more])
        taken, self._held = self._held.slice(0, count), self._held.slice(count)
        return taken.combine_chunks()

    def _read(self, path: Path) -> Iterator[pa.Table]:
        with readable(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
            if unknown := set(file.schema_arrow.names) - set(self.schema.names):
                msg = f"{path} has columns that this version does not know: {', '.join(sorted(unknown))}"
                raise OutputFault(msg, advice="merge the parts with the version that wrote them, or a newer one")
            for batch in file.iter_batches(ROWS_PER_GROUP):
                arrays = [self._array(column, batch, path) for column in self._columns]
                yield pa.table(arrays, schema=self.schema)

    def _array(self, column: Column, batch: pa.RecordBatch, path: Path) -> pa.Array:
        """Give a column in today's form; closed sets are written whole, so that all files have the same categories."""
        if column.name not in batch.schema.names:
            return pa.nulls(batch.num_rows, column.field.type)
        values = batch.column(column.name)
        if column.is_money:
            return values.cast(column.field.type)
        if not column.choices:
            return values
        words = values.cast(pa.string())
        codes = pc.index_in(words, value_set=pa.array(column.choices))
        if codes.null_count != words.null_count:
            msg = f"{path} has a value in column {column.name} that this version does not know"
            raise OutputFault(msg, advice="merge the parts with the version that wrote them, or a newer one")
        return pa.DictionaryArray.from_arrays(codes, pa.array(column.choices))


def _to_disk(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
