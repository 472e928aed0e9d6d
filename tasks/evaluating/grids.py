"""Tables: whether their cells were read, and whether each stands beside the cells that it should.

Structure is measured by relations of neighbours, as in the table competition of ICDAR 2013 (Goebel, Hassan, Oro, Orsi):
for each cell with writing, the next such cell to its right and the next below. A row that was cut in two, a column that
moved or a heading over the wrong figures breaks them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tasks.evaluating.normal import plain, squeezed
from tasks.htmltables import Grid, pieces
from tasks.translating.tables import taken_apart

Cells = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class TableHits:
    """Sums that add over pages: cells with writing and relations of neighbours, of the truth, read, and in both."""

    truth_tables: int = 0
    truth_cells: int = 0
    read_cells: int = 0
    shared_cells: int = 0
    truth_relations: int = 0
    read_relations: int = 0
    shared_relations: int = 0


def grids(text: str, *, ignore_case: bool = False) -> tuple[Cells, ...]:
    """List the tables of a text, HTML or Markdown: rows of normalized cells, spanned places empty."""
    found: list[Sequence[Sequence[str]]] = []
    for piece in pieces(text):
        found += [piece.rows] if isinstance(piece, Grid) else taken_apart(piece).tables
    return tuple(
        tuple(tuple(squeezed(plain(cell), ignore_case=ignore_case) for cell in row) for row in rows) for rows in found
    )


def table_hits(truth: str, text: str, *, ignore_case: bool = False) -> TableHits:
    """Pair the tables of the truth with those of the text that are most like them, and count what they share.

    Where the truth has no table nothing is counted: a list that was read as a table is no error of structure.
    """
    wanted = grids(truth, ignore_case=ignore_case)
    if not wanted:
        return TableHits()
    got = list(grids(text, ignore_case=ignore_case))
    shared_cells = shared_relations = 0
    for table in sorted(wanted, key=lambda rows: -_cells(rows).total()):
        best = max(got, key=lambda other: _likeness(table, other), default=())
        if best:
            got.remove(best)
        shared_cells += (_cells(table) & _cells(best)).total()
        shared_relations += (_relations(table) & _relations(best)).total()
    read = grids(text, ignore_case=ignore_case)
    return TableHits(
        truth_tables=len(wanted),
        truth_cells=sum(_cells(rows).total() for rows in wanted),
        read_cells=sum(_cells(rows).total() for rows in read),
        shared_cells=shared_cells,
        truth_relations=sum(_relations(rows).total() for rows in wanted),
        read_relations=sum(_relations(rows).total() for rows in read),
        shared_relations=shared_relations,
    )


def _likeness(table: Cells, other: Cells) -> int:
    return (_cells(table) & _cells(other)).total() + (_relations(table) & _relations(other)).total()


def _cells(rows: Cells) -> Counter[str]:
    return Counter(cell for row in rows for cell in row if cell)


def _relations(rows: Cells) -> Counter[tuple[str, str, str]]:
    width = max(map(len, rows), default=0)
    columns = [tuple(row[at] for row in rows if at < len(row)) for at in range(width)]
    found: Counter[tuple[str, str, str]] = Counter()
    for direction, lines in (("right", rows), ("below", columns)):
        for line in lines:
            written = [cell for cell in line if cell]
            found.update((direction, *pair) for pair in pairwise(written))
    return found
