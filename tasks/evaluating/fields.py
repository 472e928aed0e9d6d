"""Fields of structured results: which were found, which are wrong, which are missing, which were invented.

Values are the same if they mean the same: 1.939,00 and 1939, 3 May 2024 and 2024-05-03; texts if their letters and
digits are. Lists have no order: the values of a column are compared as a bag.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from tasks.extraction.pointers import leaves
from tasks.translating.dates import dates
from tasks.translating.numerals import meanings, plain_digits

FieldOutcome = Literal["hit", "wrong", "missing", "extra"]
_INDEX = re.compile(r"/\d+(?=/|$)")
_NUMBER = re.compile(r"[-+(]?\s?(?:[A-Z]{1,3}\$?|[$€£¥￥₹])?\s?(\d+(?:[.,' ]\d+)*)\s?\)?(?:[A-Z]{3}|[€$¥元])?")


@dataclass(frozen=True, slots=True)
class FieldCheck:
    """What became of one value. `path` is a JSON pointer with * for places in lists."""

    path: str
    outcome: FieldOutcome
    expected: str | None
    found: str | None


def field_checks(truth: Any, found: Any, aliases: Mapping[str, str]) -> Iterator[FieldCheck]:
    """Compare what the truth names; a field of which it says nothing is not judged, one that it says is null is."""
    wanted, got = _columns(truth), _columns(found)
    for path, values in wanted.items():
        there = got.get(path, got.get(aliases.get(path, path), []))
        yield from _column(path, [value for value in values if _says(value)], list(filter(_says, there)))


def _columns(value: Any) -> dict[str, list[Any]]:
    columns: defaultdict[str, list[Any]] = defaultdict(list)
    for path, leaf in leaves(value):
        columns[_INDEX.sub("/*", path)].append(leaf)
    return dict(columns)


def _says(value: Any) -> bool:
    return value is not None and str(value).strip() != ""


def _column(path: str, wanted: list[Any], got: list[Any]) -> Iterator[FieldCheck]:
    missed: list[Any] = []
    for value in wanted:
        match = next((at for at, other in enumerate(got) if is_same(value, other)), None)
        if match is None:
            missed.append(value)
        else:
            yield FieldCheck(path, "hit", str(value), str(got.pop(match)))
    both = min(len(missed), len(got))
    for value, other in zip(missed[:both], got[:both], strict=True):
        yield FieldCheck(path, "wrong", str(value), str(other))
    yield from (FieldCheck(path, "missing", str(value), None) for value in missed[both:])
    yield from (FieldCheck(path, "extra", None, str(value)) for value in got[both:])


def is_same(one: Any, other: Any) -> bool:
    """Whether two values mean the same."""
    if isinstance(one, bool) or isinstance(other, bool):
        return str(one).casefold() == str(other).casefold()
    for meaning in (_numbers, _days):
        first, second = meaning(one), meaning(other)
        if first and second:
            return not first.isdisjoint(second)
    return _letters(one) == _letters(other)


def _numbers(value: Any) -> frozenset[Decimal]:
    """What a value means that is nothing but a number, with or without a currency."""
    if isinstance(value, int | float):
        return frozenset({Decimal(str(value))})
    text = plain_digits(str(value)).strip()
    found = _NUMBER.fullmatch(text)
    if found is None:
        return frozenset()
    sign = -1 if text[0] in "-(" else 1
    return frozenset(sign * number for number in meanings(found[1].replace(" ", "'")))


def _days(value: Any) -> frozenset[date]:
    written = dates(str(value))
    return written[0].meanings if len(written) == 1 else frozenset()


def _letters(value: Any) -> str:
    return "".join(char for char in unicodedata.normalize("NFKC", str(value)).casefold() if char.isalnum())
