"""What a PDF calls its pages, from its rules for numbering them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl")),
    *((10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_MOST = 4_000


def page_labels(rules: Sequence[dict[str, Any]], page_count: int) -> tuple[str, ...]:
    """Name every page by PyMuPDF's `get_page_labels()`; nothing where every name is the page's number."""
    ordered = sorted(rules, key=lambda rule: int(rule["startpage"]))
    starts = [*(rule["startpage"] for rule in ordered), page_count]
    labels: list[str] = []
    for rule, following in zip(ordered, starts[1:], strict=True):
        first = rule.get("firstpagenum", 1)
        pages = max(0, min(following, page_count) - rule["startpage"])
        labels += [rule.get("prefix", "") + numeral(first + n, rule.get("style", "")) for n in range(pages)]
    numbers = [str(number) for number in range(1, page_count + 1)]
    return () if len(labels) != page_count or labels == numbers or not any(labels) else tuple(labels)


def numeral(number: int, style: str) -> str:
    """Write *number* in a PDF's style: D decimal, r and R Roman, a and A letters (aa after z); none is empty."""
    if style == "D" or (style and not 0 < number < _MOST):
        return str(number)
    written = {"r": _roman, "a": _letters}.get(style.lower(), lambda _: "")(number)
    return written.upper() if style.isupper() else written


def _roman(number: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        written += letters * count
    return written


def _letters(number: int) -> str:
    times, letter = divmod(number - 1, 26)
    return chr(ord("a") + letter) * (times + 1)
