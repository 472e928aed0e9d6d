"""Facts that a reading must show: what stands on the page, what does not, in which order, beside what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from rapidfuzz.distance import Levenshtein

from tasks.evaluating.characters import best_place
from tasks.evaluating.grids import Cells, grids
from tasks.evaluating.normal import plain, squeezed
from tasks.evaluating.truth import Fact
from tasks.extraction.sighting import Layer

_SIZES = re.compile(
    r"\\(?:left|right|big|Big|bigg|Bigg|displaystyle|textstyle|scriptstyle|quad|qquad)(?![a-zA-Z])|\\[,;!:]"
)
_GROUPED = re.compile(r"\{(\\?\w)\}")
_SIDES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}


@dataclass(frozen=True)
class Page:
    """A text as facts are looked up in it."""

    text: str

    @cached_property
    def bare(self) -> str:
        """Without markup."""
        return plain(self.text)

    @cached_property
    def cased(self) -> str:
        """Without markup and spaces."""
        return squeezed(self.bare)

    @cached_property
    def folded(self) -> str:
        """The same without capitals."""
        return self.cased.casefold()

    @cached_property
    def grids(self) -> tuple[Cells, ...]:
        """Its tables, without capitals."""
        return grids(self.text, ignore_case=True)

    @cached_property
    def layer(self) -> Layer:
        """As values are looked up in."""
        return Layer(self.bare)

    @cached_property
    def formulas(self) -> str:
        """As formulas are looked up in."""
        return _formula(self.text)


def holds(fact: Fact, page: Page) -> bool:
    """Say whether a page shows a fact."""
    match fact.kind:
        case "present":
            return _place(fact, str(fact.text), page) is not None
        case "absent":
            return _place(fact, str(fact.text), page) is None
        case "order":
            before, after = _place(fact, str(fact.text), page), _place(fact, str(fact.after), page)
            return before is not None and after is not None and before < after
        case "table":
            return any(_stands(fact, rows) for rows in page.grids)
        case "math":
            return _formula(str(fact.text)) in page.formulas
        case "value":
            return any(page.layer.has(text) for text in (fact.text, *fact.also))


def _place(fact: Fact, wanted: str, page: Page) -> int | None:
    """Say where a text begins, but for so many characters."""
    line = squeezed(wanted, ignore_case=fact.ignore_case)
    text = page.folded if fact.ignore_case else page.cased
    if fact.first is not None:
        text = text[: fact.first]
    if fact.last is not None:
        text = text[-fact.last :]
    start, end = best_place(line, text)
    return start if Levenshtein.distance(line, text[start:end]) <= fact.differences else None


def _stands(fact: Fact, rows: Cells) -> bool:
    return any(
        _alike(cell, str(fact.text), fact) and _fits(rows, row, column, fact)
        for row, cells in enumerate(rows)
        for column, cell in enumerate(cells)
    )


def _fits(rows: Cells, row: int, column: int, fact: Fact) -> bool:
    for side, (down, across) in _SIDES.items():
        wanted = fact.beside.get(side)
        if wanted and not _alike(_cell(rows, row + down, column + across), wanted, fact):
            return False
    above: Sequence[str] = [_cell(rows, each, column) for each in range(row)]
    before: Sequence[str] = [_cell(rows, row, each) for each in range(column)]
    return all(
        not fact.beside.get(heading) or any(_alike(cell, fact.beside[heading], fact) for cell in cells)
        for heading, cells in (("top_heading", above), ("left_heading", before))
    )


def _cell(rows: Cells, row: int, column: int) -> str:
    return rows[row][column] if 0 <= row < len(rows) and 0 <= column < len(rows[row]) else ""


def _alike(cell: str, wanted: str, fact: Fact) -> bool:
    line = squeezed(wanted, ignore_case=True)
    return cell == line or (bool(fact.differences) and Levenshtein.distance(cell, line) <= fact.differences)


def _formula(text: str) -> str:
    """Write LaTeX one way: without spaces, marks of size, and braces around one character."""
    return _GROUPED.sub(r"\1", "".join(_SIZES.sub("", text).replace("$", "").split()))
