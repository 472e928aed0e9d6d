"""Parquet files in folders, one folder a table: pandas, DuckDB and Polars read them as they lie."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from schemas.arrow import from_arrow, to_arrow
from schemas.errors import OutputFault
from schemas.records import TABLES, Record
from tasks.aside import sweep, written_aside
from tasks.ports import PartSize

PART_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
ROWS_PER_GROUP = 8_192
"""Smaller groups prune no better and slow pandas down; larger ones cost memory."""
LONG_TEXT = frozenset({"text", "result", "reasoning", "message", "error_message", "usage_raw", "config"})
"""Columns whose values hardly repeat and are long: a dictionary or a minimum of them is dead weight."""


class ParquetSink:
    """Parts under `OUT/<table>/<part>.parquet`, each whole under its name or not there.

    The same rows give the same bytes. What writers that died have left is deleted when the sink is made.
    """

    def __init__(self, out: Path) -> None:
        self._out = out
        sweep(out)

    def write(self, table: str, part: str, records: Sequence[Record]) -> None:
        """Write or replace one part, atomically.

        Raises:
            OutputFault: if it cannot be written (space, rights).
        """
        path = self._path(table, part)
        rows = to_arrow(TABLES[table], records)
        with written_aside(self._out, path) as file:
            _write(rows, file)

    def read(self, table: str, part: str) -> Sequence[Record]:
        """Read a part back; an absent part has no rows.

        Raises:
            OutputFault: if it cannot be read, or is not what was written.
        """
        path = self._path(table, part)
        if not path.exists():
            return ()
        with _readable(path), pq.ParquetFile(path, page_checksum_verification=True) as file:
            return from_arrow(TABLES[table], file.read())

    def parts(self, table: str) -> Sequence[str]:
        """Name the parts that are there, sorted."""
        found = (path.stem for path in self._folder(table).glob("*.parquet"))
        return sorted(part for part in found if PART_NAME.fullmatch(part))

    def size(self, table: str, part: str) -> PartSize:
        """Measure a part that is there, without reading its rows."""
        path = self._path(table, part)
        with _readable(path):
            return PartSize(rows=pq.read_metadata(path).num_rows, size_bytes=path.stat().st_size)

    def _path(self, table: str, part: str) -> Path:
        if not PART_NAME.fullmatch(part):
            msg = f"{part!r} cannot name a part"
            raise ValueError(msg)
        return self._folder(table) / f"{part}.parquet"

    def _folder(self, table: str) -> Path:
        if table not in TABLES:
            msg = f"there is no table {table!r}, only {', '.join(TABLES)}"
            raise ValueError(msg)
        return self._out / table


def _write(rows: pa.Table, file: BinaryIO) -> None:
    short = [name for name in rows.column_names if name not in LONG_TEXT]
    pq.write_table(
        rows,
        file,
        row_group_size=ROWS_PER_GROUP,
        compression="zstd",
        compression_level=3,
        use_dictionary=short,
        write_statistics=short,
        write_page_index=True,
        write_page_checksum=True,
    )


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say which part is damaged, and what to do about it."""
    try:
        yield
    except (OSError, ValueError) as error:  # pyarrow's own errors are of these two kinds
        message = f"cannot read {path}: {error}"
        raise OutputFault(message, advice="delete that file and run again: kept answers are free") from error
