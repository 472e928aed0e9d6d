"""What was extracted by a schema, as typed Parquet: `invoice.parquet`, `invoice_lines.parquet` and so on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

from flows.filenames import safe_name
from flows.results import Results
from flows.results.extracted import extracted
from schemas.errors import UsageFault
from tasks.aside import written_aside


def write(read: Results, to: Path) -> Iterator[Path]:
    """Write the tables of every schema that the output was asked by."""
    paths = []
    for name, table in extracted(read):
        paths.append(to / f"{safe_name(name)}.parquet")
        with written_aside(to, paths[-1]) as file:
            pq.write_table(table, file, compression="zstd")
    if not paths:
        msg = f"no file of {read.out} has data that was extracted by a schema"
        raise UsageFault(msg, advice="run with --operation structured --schema ... first")
    yield from paths
