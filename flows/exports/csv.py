"""The tables as CSV, for spreadsheets: UTF-8 with a byte order mark, by which Excel knows it.

A text that a spreadsheet would take for a formula gets an apostrophe before it; lists are JSON.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flows.cells import Cell, is_like_formula, plain
from flows.results import Results
from schemas.arrow import columns
from schemas.records import TABLES
from tasks.aside import written_aside


def write(read: Results, to: Path) -> Iterator[Path]:
    """Write a file for each table."""
    for table, record_type in TABLES.items():
        names = [column.name for column in columns(record_type)]
        path = to / f"{table}.csv"
        with written_aside(to, path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            writer = csv.writer(text)
            writer.writerow(names)
            writer.writerows([_cell(row[name]) for name in names] for row in _rows(read, table))
            text.detach()  # flushed, and left to whoever opened it
        yield path


def _rows(read: Results, table: str) -> Iterator[Mapping[str, Any]]:
    if table == "pages":
        for document in read.documents():
            yield from (asdict(page.record) for page in document.pages)
    else:
        for batch in read.arrow(table).to_batches():
            yield from batch.to_pylist()


def _cell(value: object) -> Cell:
    cell = plain(value)
    return f"'{cell}" if isinstance(cell, str) and is_like_formula(cell) else cell
