"""HTML tables inside Markdown, as models write them: taken out of the text and laid out as rows and columns. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

_TABLE = re.compile(r"<table\b.*?</table\s*>", re.IGNORECASE | re.DOTALL)
_CELLS = frozenset({"td", "th"})
_MOST = 200
"""Columns of a table, and rows or columns that one cell may span: more is a mistake, or meant to harm."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: rows of equal length. A cell over several rows or columns stands in the first, the others are empty."""

    rows: tuple[tuple[str, ...], ...]
    has_header: bool

    @property
    def width(self) -> int:
        """How many columns it has."""
        return len(self.rows[0])


def pieces(text: str) -> Iterator[str | Grid]:
    """Cut a text into tables and what stands between them. What is no whole table stays text."""
    at = 0
    for match in _TABLE.finditer(text):
        grid = _grid(match.group())
        if grid is None:
            continue
        if (before := text[at : match.start()]).strip():
            yield before
        yield grid
        at = match.end()
    if (rest := text[at:]).strip():
        yield rest


def _grid(html: str) -> Grid | None:
    reader = _Reader()
    reader.feed(html)
    reader.close()
    rows = [row for row in reader.rows if row]
    width = max(map(len, rows), default=0)
    if not 0 < width <= _MOST:
        return None
    return Grid(tuple((*row, *[""] * (width - len(row))) for row in rows), reader.has_header)


class _Reader(HTMLParser):
    """Collects cells. Tables within cells are flattened into their text."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.has_header = False
        self._cell: list[str] | None = None
        self._spans: tuple[int, int] = (1, 1)
        self._below: dict[int, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._end_cell()
            self._begin_row()
        elif tag in _CELLS:
            self._end_cell()
            self._cell = []
            given = dict(attrs)
            self._spans = (_span(given.get("rowspan")), _span(given.get("colspan")))
            self.has_header |= tag == "th" and len(self.rows) <= 1
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _CELLS or tag in {"tr", "table"}:
            self._end_cell()

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _begin_row(self) -> None:
        if self.rows:
            self._skip(self.rows[-1])
        self.rows.append([])

    def _end_cell(self) -> None:
        if self._cell is None:
            return
        if not self.rows:
            self._begin_row()
        row, (down, across) = self.rows[-1], self._spans
        self._skip(row)
        for at in range(across):
            if down > 1:
                self._below[len(row)] = down - 1
            row.append("".join(self._cell).strip() if at == 0 else "")
        self._cell = None

    def _skip(self, row: list[str]) -> None:
        """Leave room for the cells above that reach down into this row."""
        while (left := self._below.get(len(row), 0)) > 0:
            self._below[len(row)] = left - 1
            row.append("")


def _span(value: str | None) -> int:
    return min(int(value), _MOST) if value is not None and value.isdecimal() and int(value) > 0 else 1
