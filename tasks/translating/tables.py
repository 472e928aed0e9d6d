"""Tables in a text: HTML tables and Markdown pipe tables, taken out of it cell by cell."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html.parser import HTMLParser

_HTML = re.compile(r"<table\b.*?(?:</table\s*>|\Z)", re.DOTALL | re.IGNORECASE)
_PIPES = re.compile(r"^[ \t]*\|.*\|[ \t]*\n[ \t]*\|(?=[^\n]*-)[ \t:|-]+\|[ \t]*(?:\n[ \t]*\|.*\|[ \t]*)*", re.MULTILINE)
_BAR = re.compile(r"(?<!\\)\|")
Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Tabled:
    """A text whose tables were taken out: what is left of it, and the cells of each table, row by row."""

    prose: str
    tables: tuple[Rows, ...]

    @property
    def shape(self) -> tuple[tuple[int, ...], ...]:
        """How many cells each row of each table has."""
        return tuple(tuple(len(row) for row in rows) for rows in self.tables)

    @property
    def cells(self) -> tuple[str, ...]:
        """All cells in order."""
        return tuple(cell for rows in self.tables for row in rows for cell in row)


def taken_apart(text: str) -> Tabled:
    """Take the tables out of a text."""
    found = [(match.start(), match.end(), _html_rows(match[0])) for match in _HTML.finditer(text)]
    blanked = _HTML.sub(lambda match: " " * len(match[0]), text)
    found += [(match.start(), match.end(), _pipe_rows(match[0])) for match in _PIPES.finditer(blanked)]
    prose = _PIPES.sub(" ", _HTML.sub(" ", text))
    return Tabled(prose, tuple(rows for _, _, rows in sorted(found, key=lambda item: item[0])))


def _pipe_rows(text: str) -> Rows:
    lines = [line.strip() for line in text.strip().split("\n")]
    return tuple(tuple(cell.strip() for cell in _BAR.split(line[1:-1])) for line in (lines[0], *lines[2:]))


def _html_rows(text: str) -> Rows:
    cells = _Cells()
    cells.feed(text)
    cells.close()
    return tuple(tuple(" ".join("".join(cell).split()) for cell in row) for row in cells.rows if row)


class _Cells(HTMLParser):
    """Collects the text of cells; an end that is not written is where the next cell or row begins."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.rows: list[list[list[str]]] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row or a cell; other tags within a cell part words."""
        del attrs
        if tag == "tr":
            self.rows.append([])
            self._in_cell = False
        elif tag in {"td", "th"}:
            if not self.rows:
                self.rows.append([])
            self.rows[-1].append([])
            self._in_cell = True
        else:
            self.handle_data(" ")

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        if tag in {"td", "th", "tr", "table"}:
            self._in_cell = False

    def handle_data(self, data: str) -> None:
        """Take what stands in a cell."""
        if self._in_cell:
            self.rows[-1][-1].append(data)
