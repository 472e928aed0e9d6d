"""Filling the grid of a table with words, so that no word is cut: the grid that a model sees is not exact. Pure."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Sequence

from tasks.reading.lines import Box, Line, rows

PHRASE_GAP = 0.5
"""Words nearer to each other than this part of their height belong together; columns stand farther apart."""


def filled(grid: Sequence[Sequence[Box]], words: Iterable[Line]) -> list[list[str]]:
    """Give the text of each cell, a line of the page a line; rows and columns without any are left out."""
    across = [box[0] for box in grid[0]][1:]
    down = [row[0][1] for row in grid][1:]
    cells: list[list[list[Line]]] = [[[] for _ in row] for row in grid]
    for phrase in _phrases(words):
        left, top, right, bottom = phrase.box
        cells[bisect(down, (top + bottom) / 2)][bisect(across, (left + right) / 2)].append(phrase)
    texts = [["\n".join(" ".join(line.text for line in row) for row in rows(cell)) for cell in row] for row in cells]
    used = [column for column in range(len(grid[0])) if any(row[column] for row in texts)]
    return [[row[column] for column in used] for row in texts if any(row)]


def _phrases(words: Iterable[Line]) -> Iterator[Line]:
    for row in rows(words):
        phrase = row[0]
        for word in row[1:]:
            if word.box[0] - phrase.box[2] < PHRASE_GAP * max(word.height, phrase.height):
                phrase = Line(f"{phrase.text} {word.text}", _around(phrase.box, word.box))
            else:
                yield phrase
                phrase = word
        yield phrase


def _around(a: Box, b: Box) -> Box:
    return (min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3]))


def as_markdown(table: Sequence[Sequence[str]]) -> str:
    r"""Write a table in Markdown; its first row is the heading.

    >>> print(as_markdown([["Item", "Price"], ["Tea | milk", "9.90\nnet"]]))
    |Item|Price|
    |---|---|
    |Tea \| milk|9.90<br>net|
    """
    if not table:
        return ""
    lines = ["|" + "|".join(cell.replace("|", r"\|").replace("\n", "<br>") for cell in row) + "|" for row in table]
    return "\n".join([lines[0], "|" + "---|" * len(table[0]), *lines[1:]])
