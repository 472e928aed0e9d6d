"""Lines of writing and where they stand: rows, columns, turns. Pure, in whatever unit the boxes are in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

Box = tuple[float, float, float, float]

LEGIBLE = 0.5
"""Lines that recognition itself trusts less are specks and pictures; they are kept as evidence, not as text."""
TALL = 1.5
"""A line this many times taller than wide runs up or down the page."""
SAME_ROW = 0.5
"""Lines stand in one row if they share this part of the smaller one's height."""
GUTTER_SIDE = 0.3
"""Each of two columns holds at least this share of the characters: prices beside their goods hold less."""
GUTTER_CROSSED = 0.1
"""Titles and footers may cross the gutter between two columns, up to this share of the characters."""
STRIP = 2.0
"""A picture this many times longer than wide is a till roll, not a page."""
PAGE_LINES = 60
"""A picture of fewer lines in one column reads well line by line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of writing: its text, its box (left, top, right, bottom) and how sure recognition is (0-1).

    The score is None where the line was not recognized but stands in the document's text layer.
    """

    text: str
    box: Box
    score: float | None = None

    @property
    def width(self) -> float:
        """From left to right."""
        return self.box[2] - self.box[0]

    @property
    def height(self) -> float:
        """From top to bottom."""
        return self.box[3] - self.box[1]

    @property
    def length(self) -> float:
        """How many characters; where they could not be read, how many would have room."""
        sides = sorted((self.width, self.height))
        return len(self.text) or sides[1] / max(sides[0], 1.0)

    @property
    def is_legible(self) -> bool:
        """Whether the line is worth to stand in the text."""
        return bool(self.text) and (self.score is None or self.score >= LEGIBLE)


def scaled(lines: Iterable[Line], x: float, y: float) -> list[Line]:
    """Give the lines in another unit."""
    return [replace(line, box=(line.box[0] * x, line.box[1] * y, line.box[2] * x, line.box[3] * y)) for line in lines]


def turned_back(box: Box, rotation: int, width: float, height: float) -> Box:
    """Give the place of *box* on a page of *width* x *height* that was turned *rotation* degrees clockwise to be read.

    >>> turned_back((0, 0, 10, 2), 90, 100, 200)
    (0, 190, 2, 200)
    """
    x0, y0, x1, y1 = box
    match rotation % 360:
        case 90:
            return (y0, height - x1, y1, height - x0)
        case 180:
            return (width - x1, height - y1, width - x0, height - y0)
        case 270:
            return (width - y1, x0, width - y0, x1)
        case _:
            return box


def mean_score(lines: Iterable[Line]) -> float | None:
    """Average the scores by length over all recognized lines, the illegible included; None if there are none."""
    scored = [(line.length, line.score) for line in lines if line.score is not None]
    weight = sum(length for length, _ in scored)
    return sum(length * score for length, score in scored) / weight if weight else None


def runs_sideways(lines: Sequence[Line]) -> bool:
    """Whether most of the writing runs up or down the page. A single character says nothing: a 1 is tall."""
    longer = [line for line in lines if len(line.text) > 1]
    tall = sum(len(line.text) for line in longer if line.height > TALL * line.width)
    return 2 * tall > sum(len(line.text) for line in longer)


def covered(line: Line, others: Iterable[Line]) -> bool:
    """Whether others stand in the same row along at least half of the line. Heights differ: some boxes hug the ink."""
    along = sum(
        max(0.0, min(line.box[2], other.box[2]) - max(line.box[0], other.box[0]))
        for other in others
        if _beside(line, other)
    )
    return 2 * along >= line.width


def rows(lines: Iterable[Line]) -> list[list[Line]]:
    """Group lines into rows from top to bottom, each from left to right."""
    grouped: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: (line.box[1] + line.box[3], line.box[0])):
        if grouped and _beside(line, grouped[-1][-1]):
            grouped[-1].append(line)
        else:
            grouped.append([line])
    return [sorted(row, key=lambda line: line.box[0]) for row in grouped]


def _beside(line: Line, other: Line) -> bool:
    shared = min(line.box[3], other.box[3]) - max(line.box[1], other.box[1])
    return shared > SAME_ROW * min(line.height, other.height)


def row_text(lines: Iterable[Line]) -> str:
    """Write the lines down as they stand, a row a line; a blank line where the rows stand clearly apart."""
    written: list[str] = []
    grouped = rows(lines)
    usual = median([line.height for row in grouped for line in row]) if grouped else 0.0
    for above, row in pairwise([[], *grouped]):
        if above and min(line.box[1] for line in row) - max(line.box[3] for line in above) > 1.5 * usual:
            written.append("")
        written.append(" ".join(line.text.strip() for line in row))
    return "\n".join(written)


def in_columns(lines: Sequence[Line]) -> bool:
    """Whether the writing stands in columns of prose: some gutter in the middle that few lines cross."""
    total = sum(len(line.text) for line in lines)
    if not total:
        return False
    left, right = min(line.box[0] for line in lines), max(line.box[2] for line in lines)
    return any(_is_gutter(left + (right - left) * share / 20, lines, total) for share in range(6, 15))


def _is_gutter(x: float, lines: Sequence[Line], total: int) -> bool:
    before = sum(len(line.text) for line in lines if line.box[2] <= x)
    behind = sum(len(line.text) for line in lines if line.box[0] >= x)
    crossed = total - before - behind
    return min(before, behind) >= GUTTER_SIDE * total and crossed <= GUTTER_CROSSED * total


def reads_line_by_line(lines: Sequence[Line], width: float, height: float, *, picture: bool) -> bool:
    """Whether rows alone give the reading order: till rolls, and pictures of little writing in one column."""
    if max(width, height) > STRIP * min(width, height):
        return True
    return picture and len(lines) < PAGE_LINES and not in_columns(lines)
