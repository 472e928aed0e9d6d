"""Errors of characters and words, in reading order and without regard to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from tasks.evaluating.normal import normalized, plain, squeezed, words

_TAKEN = "\0"
_MOST_MISSED = 0.6
"""A line of which less than this was found nowhere counts as missing whole."""


@dataclass(frozen=True, slots=True)
class TextErrors:
    """Sums that add over pages.

    `wrong_chars` and `wrong_words` are edit distances (insertions, deletions, substitutions) in reading order.
    `lost_chars` and `extra_chars` know no order: what of the `line_chars` of the truth, without spaces, was read wrong
    or nowhere, and what was read besides. `shared_words` stand in both, as often as they do.
    """

    truth_chars: int = 0
    wrong_chars: int = 0
    line_chars: int = 0
    lost_chars: int = 0
    extra_chars: int = 0
    truth_words: int = 0
    wrong_words: int = 0
    read_words: int = 0
    shared_words: int = 0


def text_errors(truth: str, text: str, *, ignore_case: bool = False) -> TextErrors:
    """Hold a text against the truth, both without markup and normalized."""
    truth, text = plain(truth), plain(text)
    wanted, got = (normalized(each, ignore_case=ignore_case) for each in (truth, text))
    wanted_words, got_words = words(wanted), words(got)
    lines = [squeezed(line, ignore_case=ignore_case) for line in truth.splitlines()]
    lost, extra = _without_order(lines, got.replace(" ", ""))
    return TextErrors(
        truth_chars=len(wanted),
        wrong_chars=Levenshtein.distance(wanted, got),
        line_chars=sum(map(len, lines)),
        lost_chars=lost,
        extra_chars=extra,
        truth_words=len(wanted_words),
        wrong_words=Levenshtein.distance(wanted_words, got_words),
        read_words=len(got_words),
        shared_words=(Counter(wanted_words) & Counter(got_words)).total(),
    )


def _without_order(lines: list[str], rest: str) -> tuple[int, int]:
    """Match each line of the truth, longest first, to its best place in the text, once."""
    lost = 0
    for line in sorted(filter(None, lines), key=len, reverse=True):
        start, end = best_place(line, rest)
        distance = Levenshtein.distance(line, rest[start:end])
        if distance > _MOST_MISSED * len(line):
            lost += len(line)
            continue
        lost += min(distance, len(line))
        rest = rest[:start] + _TAKEN + rest[end:]
    return lost, len(rest.replace(_TAKEN, ""))


def best_place(line: str, text: str) -> tuple[int, int]:
    """Say where in *text* the piece stands that is most like *line*."""
    if len(text) <= len(line):
        return 0, len(text)
    place = fuzz.partial_ratio_alignment(line, text)
    if place is None:
        return 0, 0
    # The window has the line's length; a letter read twice or not at all moves its end.
    ends = range(max(place.dest_start, place.dest_end - 3), min(len(text), place.dest_end + 3) + 1)
    best = min(ends, key=lambda end: Levenshtein.distance(line, text[place.dest_start : end]))
    return place.dest_start, best
