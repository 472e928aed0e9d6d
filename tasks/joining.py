"""Joining what was read of the overlapping upper and lower part of a page.

Both texts hold what stands where the parts overlap. A run of words that the end of the one shares with the beginning of
the other is that place. What lies beyond it in the first, and before it in the second, are lines that the cut went
through; there is little of it, which tells the overlap from a phrase that a text happens to repeat. Within the overlap
the texts go along with each other from run to run; between two runs, where they differ, one of them misread the page.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import Match, SequenceMatcher
from itertools import accumulate, pairwise
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
SLACK = 12
"""Words by which the overlap may be longer in one text than in the other."""
RICHER = 1.5
"""A text that has so much more between two runs was read better there: what is misread mostly is less."""


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
    place = _overlap(tail, head)
    if place is None:
        return Joined(f"{upper.rstrip()}\n\n{lower.lstrip()}", is_sure=False)
    return Joined(_woven(upper, lower, *_along(tail, head, *place)), is_sure=True)


def _along(tail: list[_Word], head: list[_Word], i: int, j: int) -> tuple[list[_Word], list[_Word], list[Match]]:
    """Give the words of the overlap in both texts, and the runs that they share; *i* and *j* are one place in it."""
    above, below = tail[max(0, i - j - SLACK) :], head[: j + len(tail) - i + SLACK]
    matcher = SequenceMatcher(None, [word.key for word in above], [word.key for word in below], autojunk=False)
    lengths = _lengths(above)
    runs = [run for run in matcher.get_matching_blocks() if lengths[run.a + run.size] - lengths[run.a] >= CERTAIN]
    return above, below, runs


def _woven(upper: str, lower: str, above: list[_Word], below: list[_Word], runs: list[Match]) -> str:
    """Go from run to run; in between, take the text that is farther from its own edge, if it is not much poorer."""
    text = upper[: above[runs[0].a + runs[0].size - 1].end]
    for last, run in pairwise(runs):
        one = upper[above[last.a + last.size - 1].end : above[run.a].start]
        two = lower[below[last.b + last.size - 1].end : below[run.b].start]
        nearer, farther = (one, two) if run.a + last.a > len(above) else (two, one)
        text += farther if _weight(farther) * RICHER >= _weight(nearer) else nearer
        text += upper[above[run.a].start : above[run.a + run.size - 1].end]
    return text + lower[below[runs[-1].b + runs[-1].size - 1].end :]


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


def _weight(text: str) -> int:
    """Say how much is written: a Chinese character is as much as three Latin letters."""
    return len("".join(_WORD.findall(text)).encode())


def _lengths(words: Sequence[_Word]) -> list[int]:
    """Give the characters up to each word, and in the end of all."""
    return [0, *accumulate(len(word.key) for word in words)]


def _words(text: str) -> list[_Word]:
    return [_Word(found[0].casefold(), found.start(), found.end()) for found in _WORD.finditer(text)]


def _window(words: list[_Word]) -> int:
    return min(len(words), max(LEAST_LOOKED_AT, int(len(words) * LOOKED_AT)))
