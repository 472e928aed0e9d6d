"""Whether numbers and dates of a source stand in its translation, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from tasks.translating.blocks import Block
from tasks.translating.dates import WrittenDate, dates
from tasks.translating.literals import addresses, codes, without
from tasks.translating.numerals import Number, has_spaced, numbers
from tasks.translating.scripts import prose
from tasks.translating.tables import Tabled

SPELLED = 12
"""Numbers up to this are often written in words on one side."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Numbers that are on one side only."""

    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()


def segments(block: Block, source: Tabled, target: Tabled) -> Iterator[tuple[str, str]]:
    """Pair what is compared: tables of the same shape cell by cell, all else as one."""
    literal = addresses(block.source) + codes(block.source)
    pairs = [(block.source, block.target)]
    if source.tables and source.shape == target.shape:
        pairs = [(source.prose, target.prose), *zip(source.cells, target.cells, strict=True)]
    for before, after in pairs:
        yield without(_visible(before), literal), without(_visible(after), literal)


def _visible(text: str) -> str:
    return text.replace("<br>", " ").replace("<br/>", " ")


def numbers_between(source: str, target: str) -> Difference:
    """Compare the numbers of two texts.

    What stands in words on the other side is forgiven where it can be: small numbers, if no number was put in their
    place. Groups of digits parted by spaces are read as one number and as several, whichever fits.
    """
    joins = (
        (False, True) if has_spaced(source) else (False,),
        (False, True) if has_spaced(target) else (False,),
    )
    found = [
        _between(numbers(source, join_spaced=left), numbers(target, join_spaced=right), target)
        for left, right in product(*joins)
    ]
    return min(found, key=lambda difference: len(difference.missing) + len(difference.added))


def _between(source: tuple[Number, ...], target: tuple[Number, ...], text: str) -> Difference:
    missing = _absent(source, target)
    added = _absent(target, source)
    if not added and any(char.isalpha() for char in prose(text)):
        missing = [number for number in missing if not _is_small(number)]
    if not missing:
        added = [number for number in added if not _is_small(number)]
    return Difference(_texts(missing), _texts(added))


def _absent(wanted: tuple[Number, ...], there: tuple[Number, ...]) -> list[Number]:
    """List the numbers in digits that none of the others may be; by sets, for a page can hold thousands."""
    every = {value for number in there for value in number.values | number.scaled}
    unscaled = {value for number in there if not number.scaled for value in number.values}
    scaled = {value for number in there for value in number.scaled}

    def is_there(number: Number) -> bool:
        if not number.scaled:
            return not every.isdisjoint(number.values)
        # A word behind one of the two only may be one that we do not know.
        return not (scaled.isdisjoint(number.scaled) and unscaled.isdisjoint(number.values | number.scaled))

    return [number for number in wanted if number.in_digits and not is_there(number)]


def _is_small(number: Number) -> bool:
    return not number.scaled and all(value == int(value) and value <= SPELLED for value in number.values)


def _texts(found: list[Number]) -> tuple[str, ...]:
    """Name numbers as a page would have them; the apostrophe may have been a narrow space there."""
    return tuple(dict.fromkeys(number.text.replace("'", " ") for number in found))


def dates_missing(source: str, target: str) -> tuple[str, ...]:
    """List the dates of a source that the target does not have, in whatever order and words.

    Where the target has no other date instead, it is enough that day, month and year stand in it somewhere.
    """
    wanted, there = dates(source), dates(target)
    missing = [found for found in wanted if not any(found.may_be(other) for other in there)]
    if any(not any(found.may_be(other) for found in wanted) for other in there):
        return tuple(found.text for found in missing)
    values = {value for number in numbers(target) for value in number.values} if missing else set()
    return tuple(found.text for found in missing if not _has_parts(found, values))


def _has_parts(found: WrittenDate, values: set[Decimal]) -> bool:
    return any({Decimal(day.year), Decimal(day.month), Decimal(day.day)} <= values for day in found.meanings)
