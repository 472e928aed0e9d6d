"""Joining what was read of the overlapping upper and lower part of a page.

Both texts hold what stands where the parts overlap. A run of words that the end of the one shares with the beginning of
the other is that place: the first text goes on to the run's end, the second from there on. What lies beyond it in the
first, and before it in the second, are lines that the cut went through; there is little of it, which tells the overlap
from a phrase that a text happens to repeat.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
"""A word; of Chinese, Japanese and Korean one character."""
LOOKED_AT = 0.5
"""How much of each text is searched for the overlap, which is a quarter of it, and more where it is dense there."""
LEAST_LOOKED_AT = 60
CERTAIN = 12
"""Characters of words in a row that are no chance: two words, or a dozen Chinese characters."""
WORTH = 2
"""A shared character speaks for the overlap twice as much as one that would be dropped speaks against it."""


class Joined(NamedTuple):
    """The text of both parts; `is_sure` says that the overlap was found, and nothing of it can stand there twice."""

    text: str
    is_sure: bool


@dataclass(frozen=True, slots=True)
class _Word:
    key: str
    start: int
    end: int


def join(upper: str, lower: str) -> Joined:
    r"""Join the texts of two overlapping parts.

    >>> join("One two three four five six seven eig", "r five six seven eight nine.").text
    'One two three four five six seven eight nine.'
    """
    if not upper.strip() or not lower.strip():
        return Joined((upper.rstrip() + lower.lstrip("\n")).strip("\n"), is_sure=True)
    above, below = _words(upper), _words(lower)
    skipped = len(above) - _window(above)
    tail, head = above[skipped:], below[: _window(below)]
    run = _overlap(tail, head)
    if run is None:
        return Joined(f"{upper.rstrip()}\n\n{lower.lstrip()}", is_sure=False)
    return Joined(upper[: tail[run[0]].end] + lower[head[run[1]].end :], is_sure=True)


def _overlap(tail: Sequence[_Word], head: Sequence[_Word]) -> tuple[int, int] | None:
    """Find the shared run that loses the least: the place of its last word in both; None where there is none."""
    above, below = _lengths(tail), _lengths(head)
    where: defaultdict[str, list[int]] = defaultdict(list)
    for at, word in enumerate(head):
        where[word.key].append(at)
    runs: dict[int, int] = {}
    best, found = 0, None
    for i, word in enumerate(tail):
        runs = {j: runs.get(j - 1, 0) + 1 for j in where.get(word.key, ())}
        for j, run in runs.items():
            shared = above[i + 1] - above[i + 1 - run]
            score = WORTH * shared - (above[-1] - above[i + 1]) - below[j + 1 - run]
            if shared >= CERTAIN and score > best:
                best, found = score, (i, j)
    return found


def _lengths(words: Sequence[_Word]) -> list[int]:
    """Give the characters up to each word, and in the end of all."""
    return [0, *accumulate(len(word.key) for word in words)]


def _words(text: str) -> list[_Word]:
    return [_Word(found[0].casefold(), found.start(), found.end()) for found in _WORD.finditer(text)]


def _window(words: list[_Word]) -> int:
    return min(len(words), max(LEAST_LOOKED_AT, int(len(words) * LOOKED_AT)))
