"""How near a reading is to the truth: characters, words, and facts that must be found in it. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MARKUP = re.compile(r"<br>|</?(?:sup|sub|u|mark|b|i)>|<!--.*?-->")
_SYNTAX = re.compile(r"^#+ |^> |^- |\*\*|~~|`|^\|[-:|]+\|$|(?<!\w)_|_(?!\w)", re.MULTILINE)
_LEADERS = re.compile(r"[.…·_]{3,}")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_TYPOGRAPHY = str.maketrans("\u2018\u2019\u201c\u201d\u2010\u2011\u2013\u2014\u2015\u2212", "''\"\"------")
_TAKEN = "\0"
_MOST_MISSED = 0.6
"""A line of which less than this was found nowhere counts as missing whole."""


@dataclass(frozen=True, slots=True)
class CharacterErrors:
    """Sums that add over pages: characters of the truth, those read wrong or not at all, and those read besides."""

    truth: int = 0
    wrong: int = 0
    extra: int = 0

    def __add__(self, other: CharacterErrors) -> CharacterErrors:
        """Add field by field."""
        return CharacterErrors(self.truth + other.truth, self.wrong + other.wrong, self.extra + other.extra)

    @property
    def rate(self) -> float:
        """The character error rate."""
        return self.wrong / max(1, self.truth)


@dataclass(frozen=True, slots=True)
class WordHits:
    """Sums that add over pages: words of the truth, words read, and words in both."""

    truth: int = 0
    read: int = 0
    both: int = 0

    def __add__(self, other: WordHits) -> WordHits:
        """Add field by field."""
        return WordHits(self.truth + other.truth, self.read + other.read, self.both + other.both)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.both / max(1, self.truth + self.read)


def without_markup(text: str) -> str:
    """Take Markdown's own characters off."""
    return _SYNTAX.sub("", _MARKUP.sub(" ", text)).replace("|", " ")


def folded(text: str) -> str:
    """Fold what no reader calls an error: width and case, spaces, leaders of dots, the shape of quotes and dashes."""
    plain = unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY)
    return "".join(_LEADERS.sub("", plain).casefold().split())


def character_errors(truth: Iterable[str], text: str) -> CharacterErrors:
    """Match each line of the truth, longest first, to its best place in the text, once; the order does not count."""
    rest = folded(without_markup(text))
    total = wrong = 0
    for line in sorted((folded(line) for line in truth), key=len, reverse=True):
        if not line:
            continue
        total += len(line)
        start, end = _best_place(line, rest)
        distance = Levenshtein.distance(line, rest[start:end])
        if distance > _MOST_MISSED * len(line):
            wrong += len(line)
            continue
        wrong += distance
        rest = rest[:start] + _TAKEN + rest[end:]
    return CharacterErrors(total, min(wrong, total), len(rest.replace(_TAKEN, "")))


def _best_place(line: str, text: str) -> tuple[int, int]:
    if len(text) <= len(line):
        return 0, len(text)
    place = fuzz.partial_ratio_alignment(line, text)
    if place is None:
        return 0, 0
    # The window has the line's length; a letter read twice or not at all moves its end.
    ends = range(max(place.dest_start, place.dest_end - 3), min(len(text), place.dest_end + 3) + 1)
    best = min(ends, key=lambda end: Levenshtein.distance(line, text[place.dest_start : end]))
    return place.dest_start, best


def word_hits(truth: str, text: str) -> WordHits:
    """Count words (Chinese, Japanese, Korean: pairs of characters) without regard to order."""
    wanted, read = _words(truth), _words(without_markup(text))
    return WordHits(wanted.total(), read.total(), (wanted & read).total())


def _words(text: str) -> Counter[str]:
    clean = _LEADERS.sub(" ", unicodedata.normalize("NFKC", text)).casefold()
    runs = re.findall(r"[^\W_]+", clean)
    words: Counter[str] = Counter()
    for run in runs:
        if _CJK.search(run):
            words.update(run[i : i + 2] for i in range(max(1, len(run) - 1)))
        else:
            words[run] += 1
    return words


def has(text: str, wanted: str, *, differences: int = 0) -> bool:
    """Whether *wanted* stands in the text, but for so many characters; spaces, case and markup do not count."""
    return place_of(text, wanted, differences=differences) is not None


def place_of(text: str, wanted: str, *, differences: int = 0) -> int | None:
    """Say where *wanted* begins in the folded text."""
    line, page = folded(wanted), folded(without_markup(text))
    start, end = _best_place(line, page)
    return start if Levenshtein.distance(line, page[start:end]) <= differences else None


def has_amount(text: str, amount: float) -> bool:
    """Whether an amount of money is written in the text, with whatever separators."""
    digits = f"{amount:.2f}".replace(".", "")
    whole = digits.removesuffix("00")
    numbers = {re.sub(r"\D", "", found) for found in re.findall(r"\d[\d.,' ]*", text)}
    return any(number in {digits, whole} or number.endswith(digits) for number in numbers)


def tables(text: str) -> list[list[list[str]]]:
    """Read the tables of a Markdown text: rows of cells."""
    found: list[list[list[str]]] = [[]]
    for line in text.splitlines():
        if line.startswith("|"):
            if not re.fullmatch(r"\|[-:|]+\|", line):
                found[-1].append([folded(without_markup(cell)) for cell in line[1:-1].split("|")])
        elif found[-1]:
            found.append([])
    return [table for table in found if table]


def has_cell(text: str, fact: dict[str, str]) -> bool:
    """Whether some table has the cell, with the neighbours and headings that the fact names."""
    return any(
        _fits(table, row, column, fact)
        for table in tables(text)
        for row, cells in enumerate(table)
        for column, cell in enumerate(cells)
        if cell == folded(fact["cell"])
    )


def _fits(table: Sequence[Sequence[str]], row: int, column: int, fact: dict[str, str]) -> bool:
    beside = {"up": (row - 1, column), "down": (row + 1, column), "left": (row, column - 1), "right": (row, column + 1)}
    for side, place in beside.items():
        if fact.get(side) and folded(fact[side]) != _cell(table, *place):
            return False
    above = [_cell(table, each, column) for each in range(row)]
    before = [_cell(table, row, each) for each in range(column)]
    return all(
        not fact.get(heading) or folded(fact[heading]) in cells
        for heading, cells in (("top_heading", above), ("left_heading", before))
    )


def _cell(table: Sequence[Sequence[str]], row: int, column: int) -> str | None:
    inside = 0 <= row < len(table) and 0 <= column < len(table[row])
    return table[row][column] if inside else None
