"""Whether what was found stands in the page's own text layer: proof where it does, a doubt where it does not.

A layer writes 19 april 2014 and 1.234,50 where the result has 2014-04-19 and 1234.5, so values are compared by what
they mean, text by its letters and digits alone.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from schemas.documents import PageFacts
from schemas.records import Flag
from tasks.extraction.pointers import as_pointer, leaves
from tasks.ports import Evidence
from tasks.translating.dates import dates
from tasks.translating.numerals import numbers

LEAST_LAYER = 200
"""Characters; a shorter layer is a stamp or a page number, and what it lacks says nothing."""
LEAST_VALUES = 3
"""Values; of fewer, chance decides how many stand in the layer."""
SHORT = 3
"""Letters and digits up to which a text has to stand as a word of its own: `de` stands in every text."""
DOUBT = 0.6
"""The strength of the signal if nothing stands in the layer: a layer can be poor, and a value abridged."""


@dataclass(frozen=True)
class Layer:
    """The text layer of a page, as it is looked up in."""

    text: str

    @cached_property
    def folded(self) -> str:
        """Its text without capitals and other forms of the same letters."""
        return _folded(self.text)

    @cached_property
    def letters(self) -> str:
        """Its letters and digits."""
        return _letters(self.text)

    @cached_property
    def numbers(self) -> frozenset[Decimal]:
        """What its numbers can mean."""
        found = (*numbers(self.text), *numbers(self.text, join_spaced=True))
        return frozenset(value for number in found for value in number.values)

    @cached_property
    def dates(self) -> frozenset[date]:
        """What its dates can mean."""
        return frozenset(day for written in dates(self.text) for day in written.meanings)

    def has(self, value: str | float) -> bool:
        """Whether a value stands in it."""
        if not isinstance(value, str):
            return abs(Decimal(str(value))) in self.numbers
        letters = _letters(value)
        if len(letters) <= SHORT and letters.isascii():
            return self._has_word(letters)
        return letters in self.letters or _day(value) in self.dates

    def _has_word(self, letters: str) -> bool:
        word = r"[\W_]*".join(letters)
        return re.search(rf"(?<!\w){word}(?!\w)", self.folded) is not None


def evidence_of(value: Any, quoted: Any = None) -> tuple[Evidence, ...]:
    """List the strings and numbers of a result, with what the model quoted for each; what it quoted amiss is left out.

    *quoted* is the model's own list of `{"path", "page", "quote"}`.
    """
    quotes = dict(_quotes(quoted))
    found = ((path, leaf) for path, leaf in leaves(value) if _can_stand(leaf))
    return tuple(Evidence(path, leaf, *quotes.get(path, (None, None))) for path, leaf in found)


def sighted(evidence: Iterable[Evidence], facts: Sequence[PageFacts]) -> tuple[Evidence, ...]:
    """Look each value up in the layers of its pages; the page that has it is its page, where the model named none."""
    layers = {
        image: Layer(fact.layer_text)
        for image, fact in enumerate(facts, start=1)
        if fact.layer_text and not fact.hidden_text
    }
    return tuple(_sighted(one, layers, len(facts)) for one in evidence)


def doubts(evidence: Sequence[Evidence], facts: Sequence[PageFacts]) -> Iterator[Flag]:
    """Tell if most of what was found stands on no page's layer."""
    layer = sum(len(fact.layer_text) for fact in facts if not fact.hidden_text)
    looked_up = [one for one in evidence if one.in_text_layer is not None]
    if layer < LEAST_LAYER or len(looked_up) < LEAST_VALUES:
        return
    missing = sum(not one.in_text_layer for one in looked_up) / len(looked_up)
    if missing > 0.5:  # noqa: PLR2004 - the middle of a scale from 0 to 1
        yield Flag("not_in_layer", round(DOUBT * missing, 3))


def _sighted(one: Evidence, layers: Mapping[int, Layer], count: int) -> Evidence:
    image = one.image if one.image is not None and 1 <= one.image <= count else None
    if count == 1:
        image = 1
    where = [number for number in layers if image in {None, number}]
    if not where or (image is None and len(layers) < count):
        return replace(one, image=image)
    wanted = one.value if one.quote is None else one.quote
    seen = [number for number in where if layers[number].has(wanted)]
    return replace(one, image=image or next(iter(seen), None), in_text_layer=bool(seen))


def _quotes(quoted: Any) -> Iterator[tuple[str, tuple[int | None, str | None]]]:
    for entry in quoted if isinstance(quoted, list) else ():
        if not (isinstance(entry, Mapping) and isinstance(entry.get("path"), str)):
            continue
        page, quote = entry.get("page"), entry.get("quote")
        image = page if isinstance(page, int) and not isinstance(page, bool) else None
        yield as_pointer(entry["path"]), (image, quote if isinstance(quote, str) and quote.strip() else None)


def _can_stand(leaf: Any) -> bool:
    if isinstance(leaf, bool) or leaf is None:
        return False
    return not isinstance(leaf, str) or bool(_letters(leaf))


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _letters(text: str) -> str:
    return "".join(char for char in _folded(text) if char.isalnum())


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None
