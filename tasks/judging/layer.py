"""An answer against the page's own text layer: what the layer has and the answer lacks, and what they say otherwise.

A layer may be wrong, so that it is a witness, not the truth. It is believed where it agrees with the answer over most
of the page, and where its words are those of a language; a layer with a broken encoding does neither.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import OSA

from schemas.records import Flag
from tasks.judging.languages import language_of
from tasks.judging.tokens import CJK, tokens

LAYER_CHARS = 200
"""A text layer shorter than this proves nothing."""
AGREED = 0.5
"""From this share of the layer's distinct words on, the two are of one page."""
DOUBTED = 0.9
"""The most that a layer says whose words are of no language that is known."""
PASSAGE_WORDS = 20
"""Words in a row that are a passage: labels of a drawing and running heads, which a reading may leave out, are shorter.
A Chinese or Japanese character says about half as much as a word."""
SURE_WORDS = 35
"""Words of a passage whose lack makes a page suspect by itself."""
WORD = 3
"""Letters; shorter ones in a row are a formula."""
ABSENT = 0.6
"""Share of a passage's words that the other text must lack, by count: what was only put in another order is there."""
NUMBER_DIGITS = 3
"""Digits from which on a number is looked for; shorter ones stand anywhere."""
MISREAD = 0.9
"""Strength of one misread number; of two, one is not the layer's fault."""
NUMBER_AGREED = 0.8
"""A layer that agrees so far is believed in its digits."""
_NUMBER = re.compile(r"\d(?:[\d.,']*\d)?")
_SPACED = re.compile(r"\d(?:[\d.,' ]*\d)?")
_MARKS = re.compile(r"[.,' ]")


def against_layer(text: str, layer: str) -> Iterator[Flag]:
    """Tell what the layer says against an answer that claims to give what stands on the page."""
    if len(layer) < LAYER_CHARS:
        return
    agreed = recall(layer, text)
    if agreed < AGREED:
        missing = 1.0 - agreed
        sound = language_of(layer) is not None
        yield Flag("layer_missing", 1.0 if sound else round(min(missing, DOUBTED), 3))
        return
    wanted, got = tokens(layer), tokens(text)
    if lost := longest_passage(wanted, got):
        yield Flag("passage_missing", round(min(1.0, 0.4 + 0.6 * lost / SURE_WORDS), 3))
    if added := longest_passage(got, wanted):
        # Pictures hold writing that no layer has: what is only in the answer is weaker.
        yield Flag("passage_added", round(min(0.7, 0.3 + 0.4 * added / SURE_WORDS), 3))
    if agreed >= NUMBER_AGREED and (misread := misread_numbers(layer, text)):
        yield Flag("layer_numbers", MISREAD if misread == 1 else 1.0)


def is_of_one_page(text: str, layer: str) -> bool:
    """Whether an answer has most of what the layer has; of a short layer nothing is said."""
    return len(layer) < LAYER_CHARS or recall(layer, text) >= AGREED


def recall(truth: str, text: str) -> float:
    """Share of the distinct words (CJK: characters) of *truth* that stand in *text*."""
    wanted = set(tokens(truth))
    return len(wanted & set(tokens(text))) / len(wanted) if wanted else 1.0


def longest_passage(words: Sequence[str], others: Sequence[str]) -> int:
    """Give the length in words of the longest passage that *others* lacks; 0 where none is long enough.

    It is a run of which no three neighbours stand side by side in the others, and of whose words most are missing
    there by count.
    """
    beside = set(zip(others, others[1:], others[2:], strict=False))
    lacking = Counter(words) - Counter(others)
    longest = 0.0
    for run in _runs(words, beside):
        weight = sum(0.5 if CJK.match(word) else 1.0 for word in run)
        if weight >= PASSAGE_WORDS and weight > longest and _is_prose(run):
            counts = Counter(run)
            if (counts & lacking).total() >= ABSENT * len(run):
                longest = weight
    return int(longest)


def _runs(words: Sequence[str], beside: set[tuple[str, str, str]]) -> Iterator[Sequence[str]]:
    is_there = [False] * len(words)
    for at, three in enumerate(zip(words, words[1:], words[2:], strict=False)):
        if three in beside:
            is_there[at : at + 3] = [True] * 3
    start = 0
    for at, there in enumerate(is_there):
        if there:
            yield words[start:at]
            start = at + 1
    yield words[start:]


def _is_prose(run: Sequence[str]) -> bool:
    """Whether most of a passage is words: figures are compared as numbers, and formulas are written in many ways."""
    return sum(word.isalpha() and (len(word) >= WORD or CJK.match(word) is not None) for word in run) > len(run) / 2


def misread_numbers(layer: str, text: str) -> int:
    """Count numbers of the layer that the answer has not, but has one like them that the layer has not."""
    wanted, got = (_digits(each) for each in (layer, text))
    lost, new = wanted - got, got - wanted
    stands, written = (" ".join(_MARKS.sub("", run) for run in _SPACED.findall(each)) for each in (layer, text))
    gone = [number for number in lost.elements() if number not in written]
    fresh = [number for number in new.elements() if number not in stands]
    misread = 0
    for number in gone:
        like = next((other for other in fresh if _is_misread(number, other)), None)
        if like is not None:
            fresh.remove(like)
            misread += 1
    return misread


def _digits(text: str) -> Counter[str]:
    found = (_MARKS.sub("", match) for match in _NUMBER.findall(text))
    return Counter(number for number in found if len(number) >= NUMBER_DIGITS)


def _is_misread(one: str, other: str) -> bool:
    """Whether the numbers are as long and differ in a digit, in two of six or more, or in two neighbours swapped."""
    most = 1 if len(one) < 2 * NUMBER_DIGITS else 2
    return len(one) == len(other) and OSA.distance(one, other) <= most
