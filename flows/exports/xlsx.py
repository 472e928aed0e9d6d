"""The accounting as an Excel workbook: a sheet of files, one of calls, and more where a million rows do not suffice.

Nothing in it is a formula. A text that would become one when it is edited carries Excel's own mark for plain text.
Times are UTC.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pyarrow as pa

from flows.cells import Cell, is_like_formula, plain
from flows.results import Results
from schemas.errors import UsageFault
from tasks.aside import written_aside

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

NAME = "accounting.xlsx"
SHEETS = ("files", "calls")
ROWS = 1_048_575
"""Rows of a sheet below its heading."""
_LONGEST = 32_767
_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_numbers": False,
    "strings_to_urls": False,
}
_WIDTHS = {"source": 48, "name": 32, "error_message": 40, "message": 40, "usage_raw": 24, "doc_id": 16}
_WIDTH = 14


def write(read: Results, to: Path) -> Iterator[Path]:
    """Write the workbook."""
    path = to / NAME
    with written_aside(to, path) as file:
        _write(read, file)
    yield path


def _write(read: Results, file: BinaryIO) -> None:
    try:
        from xlsxwriter.workbook import Workbook
    except ImportError:
        msg = "Excel files need the library xlsxwriter, which is not installed"
        raise UsageFault(msg, advice="pip install 'pagemill[excel]'") from None
    with Workbook(file, _OPTIONS) as book:
        styles = Styles(book)
        for table in SHEETS:
            rows = read.arrow(table)
            for number, start in enumerate(range(0, max(rows.num_rows, 1), ROWS), 1):
                sheet = book.add_worksheet(table if number == 1 else f"{table} {number}")
                Sheet(sheet, styles, rows.column_names).fill(rows.slice(start, ROWS))


class Styles:
    """How cells look, and that a text stays one."""

    def __init__(self, book: Workbook) -> None:
        self.heading: Format = book.add_format({"bold": True})
        self.time: Format = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.money: Format = book.add_format({"num_format": "0.000000"})
        self.text: Format = book.add_format({"quote_prefix": True})


class Sheet:
    """One sheet, filled from the top."""

    def __init__(self, sheet: Worksheet, styles: Styles, names: Sequence[str]) -> None:
        self._sheet = sheet
        self._styles = styles
        self._names = names

    def fill(self, rows: pa.Table) -> None:
        """Write the heading and the rows."""
        sheet, names = self._sheet, self._names
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, rows.num_rows, len(names) - 1)
        for column, name in enumerate(names):
            sheet.set_column(column, column, _WIDTHS.get(name, _WIDTH))
            sheet.write_string(0, column, name, self._styles.heading)
        at = 0
        for batch in rows.to_batches():
            for row in batch.to_pylist():
                at += 1
                self._row(at, row)

    def _row(self, at: int, row: dict[str, Any]) -> None:
        for column, name in enumerate(self._names):
            self._cell(at, column, name, plain(row[name]))

    def _cell(self, row: int, column: int, name: str, value: Cell) -> None:
        sheet, styles = self._sheet, self._styles
        if isinstance(value, str):
            sheet.write_string(row, column, _shortened(value), styles.text if is_like_formula(value) else None)
        elif isinstance(value, datetime):
            sheet.write_datetime(row, column, value.astimezone(UTC).replace(tzinfo=None), styles.time)
        elif value is not None:
            sheet.write_number(row, column, value, styles.money if name.startswith("cost") else None)


def _shortened(text: str) -> str:
    """Cut a text to what a cell takes, counted as Excel does."""
    if len(text) <= _LONGEST // 2:
        return text
    units = text.encode("utf-16-le")
    if len(units) // 2 <= _LONGEST:
        return text
    return units[: 2 * (_LONGEST - 1)].decode("utf-16-le", "ignore") + "…"
