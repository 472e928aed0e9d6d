"""Repetition that is no loop to the end: lines that come again and again, and rounds in the midst of a text.

Forms and tables repeat themselves too, so that this is weak, and what the page's own layer repeats is the page's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np

from schemas.records import Flag
from tasks.judging.tokens import tokens

LEAST_LETTERS = 12
"""Letters of a line that counts: `N/A` and `0.00` come as often as they like."""
TIMES = 5
"""How often a line stands before its further copies count."""
SHARE = 0.3
SURE = 0.5
"""From these shares of a text's letters on, copies are told, and suspect by themselves."""
LONGEST_ROUND = 60
LEAST_ROUNDS = 8
ROUND_CHARS = 240
"""Words of a round, how often it goes, and how long that is together."""
ROUND = 0.5
"""The strength of a round that ended: forms go in rounds as well."""
_COUNT = re.compile(r"^\W*\d+\W*")
"""The number that a line begins with: what counts while it goes round. Numbers within lines are data, as in lists of
prices or dates."""


def repeats(text: str, layer: str) -> Iterator[Flag]:
    """Tell of a text of which much is copies of the same lines, or that went round in a circle and came out again."""
    share = _copies(text)
    if share >= SHARE and not _is_repeated_in(layer, text):
        yield Flag("repeats", round(min(1.0, share / SURE), 3))
    elif goes_round(text) and not goes_round(layer):
        yield Flag("repeats", ROUND)


def _copies(text: str) -> float:
    """Give the share of letters in copies of lines, the numbers of lines aside, beyond the first few of each."""
    lines = [_COUNT.sub("", line).strip() for line in text.splitlines()]
    letters = {line: sum(char.isalpha() for char in line) for line in set(lines)}
    total = sum(letters[line] for line in lines)
    counts = Counter(line for line in lines if letters[line] >= LEAST_LETTERS)
    copied = sum(letters[line] * (count - TIMES) for line, count in counts.items() if count > TIMES)
    return copied / total if total else 0.0


def _is_repeated_in(layer: str, text: str) -> bool:
    """Whether the layer has the commonest line about as often as the text; it has no lines of its own."""
    counts = Counter(_COUNT.sub("", line).strip() for line in text.splitlines())
    line, count = max(
        ((line, count) for line, count in counts.items() if sum(map(str.isalpha, line)) >= LEAST_LETTERS),
        key=lambda item: item[1],
        default=("", 0),
    )
    words = " ".join(tokens(line))
    return bool(words) and " ".join(tokens(layer)).count(words) >= count / 2


def goes_round(text: str) -> bool:
    """Say whether a sequence of words with letters stands many times in a row anywhere."""
    words = tokens(text)
    if len(words) < LEAST_ROUNDS:
        return False
    numbers: dict[str, int] = {}
    series = np.array([numbers.setdefault(word, len(numbers)) for word in words])
    lengths = np.array([sum(map(str.isalpha, word)) for word in words])
    for period in range(1, min(LONGEST_ROUND, len(words) // LEAST_ROUNDS) + 1):
        same = series[period:] == series[:-period]
        ends = np.flatnonzero(~np.append(same, False))
        starts = np.append(0, ends[:-1] + 1)
        for start, end in zip(starts, ends, strict=True):
            if end - start >= period * (LEAST_ROUNDS - 1) and lengths[start : end + period].sum() >= ROUND_CHARS:
                return True
    return False
