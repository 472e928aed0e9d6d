"""How a value can stand on a page: 1234.5 as 1,234.50, 2026-03-18 as 18 March 2026 or 2026年3月18日. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date

LEAST = 2
"""Characters of what is looked for on a page: a single one stands everywhere."""
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]


def ways_written(value: object) -> tuple[str, ...]:
    """List what to look for, the likeliest first; nothing where the value is too short to be told from its like."""
    if isinstance(value, bool) or value is None:
        return ()
    ways = _number(value) if isinstance(value, int | float) else _text(str(value).strip())
    return tuple(dict.fromkeys(way for way in ways if len(way) >= LEAST))


def _number(value: float) -> Iterator[str]:
    """As prices, as counts, and with the marks of other countries; of 7000 not `7`, of 0.35 not `0`."""
    for plain in (f"{value:,.2f}", f"{value:,.10g}" if abs(value) < 1 else f"{value:,.10f}".rstrip("0").rstrip(".")):
        bare = plain.replace(",", "")
        yield plain
        yield bare
        yield plain.translate(str.maketrans(",.", ".,"))
        yield bare.replace(".", ",")


def _text(text: str) -> Iterator[str]:
    yield text
    with suppress(ValueError):
        day = date.fromisoformat(text)
        month = _MONTHS[day.month - 1]
        yield from (f"{day.year}年{day.month:02}月{day.day:02}日", f"{day.year}年{day.month}月{day.day}日")
        yield from (
            f"{day.day} {month} {day.year}",
            f"{month} {day.day}, {day.year}",
            f"{day.day} {month[:3]} {day.year}",
        )
        for mark in "./-":
            yield f"{day.day:02}{mark}{day.month:02}{mark}{day.year}"
            yield f"{day.month:02}{mark}{day.day:02}{mark}{day.year}"
            yield f"{day.year}{mark}{day.month:02}{mark}{day.day:02}"
