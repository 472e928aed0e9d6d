"""Whole dates in a text, whatever their order and language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from tasks.translating.numerals import chinese_value, plain_digits
from tasks.translating.wordlists import ERAS, MONTHS

_CHINESE = re.compile(r"[〇零一二三四五六七八九十]{1,7}(?=\s?[年月日])")
_ERA = re.compile(rf"({'|'.join(ERAS)})\s?(\d{{1,2}}|元)(?=\s?年)")
_NAMES = "|".join(sorted(map(re.escape, MONTHS), key=len, reverse=True))
_NAMED = rf"(?P<month>{_NAMES})(?!\w)\.?(?:\s?/\s?(?:{_NAMES}))?"
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[-/.年년]\s?(\d{1,2})\s?[-/.月월]\s?(\d{1,2})(?!\d)")
_YEAR_LAST = re.compile(r"(?<![\d.])(\d{1,2})([./-])\s?(\d{1,2})\2\s?(\d{4})(?!\d)")
_DAY_MONTH = re.compile(
    rf"(?<!\d)(?P<day>\d{{1,2}})(?:\.|st|nd|rd|th|er|º|ª|-го|-е)?[\s-]?(?:de |of |day of )?"
    rf"{_NAMED},?[\s-]?(?:de |del )?(?P<year>\d{{4}})",
    re.IGNORECASE,
)
_MONTH_DAY = re.compile(
    rf"(?<!\w){_NAMED}\s(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:,\s?|\s)(?P<year>\d{{4}})", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """A date as it is written, and what it could mean: 3/4 is in March here and in April there."""

    text: str
    meanings: frozenset[date]

    def may_be(self, other: WrittenDate) -> bool:
        """Whether the two could mean the same day."""
        return not self.meanings.isdisjoint(other.meanings)


def dates(text: str) -> tuple[WrittenDate, ...]:
    """List the dates of a text that name day, month and year."""
    text = _ERA.sub(_of_our_era, _CHINESE.sub(lambda found: str(chinese_value(found[0])), plain_digits(text)))
    return tuple(found for found in _found(text) if found.meanings)


def _of_our_era(found: re.Match[str]) -> str:
    return str(ERAS[found[1]] + (1 if found[2] == "元" else int(found[2])))


def _found(text: str) -> Iterator[WrittenDate]:
    for found in _YEAR_FIRST.finditer(text):
        yield WrittenDate(found[0], _real([(int(found[1]), int(found[2]), int(found[3]))]))
    for found in _YEAR_LAST.finditer(text):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        yield WrittenDate(found[0], _real([(year, first, second), (year, second, first)]))
    for pattern in (_DAY_MONTH, _MONTH_DAY):
        for found in pattern.finditer(text):
            month = MONTHS[found["month"].casefold()]
            yield WrittenDate(found[0], _real([(int(found["year"]), month, int(found["day"]))]))


def _real(candidates: Iterable[tuple[int, int, int]]) -> frozenset[date]:
    found = set()
    for year, month, day in candidates:
        try:
            found.add(date(year, month, day))
        except ValueError:
            continue
    return frozenset(found)
