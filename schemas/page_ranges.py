"""Page ranges as users write them: `1-3,7,10-`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

_RANGE = re.compile(r"(\d+)(-(\d*))?")


class PageRange(NamedTuple):
    """Pages *first* to *last*, both 1-based and included; *last* None is the document's last page."""

    first: int
    last: int | None


def parse_page_ranges(text: str | None) -> tuple[PageRange, ...] | None:
    """Parse `1-3,7,10-`; None stays None and means all pages.

    Raises:
        ValueError: if *text* is not of that form, starts at page 0, or runs backwards.
    """
    if text is None:
        return None
    ranges = []
    for item in text.replace(" ", "").split(","):
        match = _RANGE.fullmatch(item)
        if match is None:
            msg = f"{item!r} is no page range; write pages like 1-3,7,10-"
            raise ValueError(msg)
        first = int(match[1])
        last = first if match[2] is None else int(match[3]) if match[3] else None
        if first < 1 or (last is not None and last < first):
            msg = f"{item!r} is no page range; pages count from 1 and ranges run forwards"
            raise ValueError(msg)
        ranges.append(PageRange(first, last))
    return tuple(ranges)


def select_pages(page_count: int, ranges: Iterable[PageRange] | None) -> tuple[int, ...]:
    """List the page numbers of a document of *page_count* pages that the ranges name, in order, each once."""
    if ranges is None:
        return tuple(range(1, page_count + 1))
    wanted: set[int] = set()
    for first, last in ranges:
        wanted.update(range(first, min(page_count, page_count if last is None else last) + 1))
    return tuple(sorted(wanted))
