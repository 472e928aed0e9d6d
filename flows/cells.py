"""What stands in the cells of a spreadsheet: values without surprises. Pure."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal

_BEGINS_FORMULA = frozenset("=+-@\t\r\n＝＋－＠")  # noqa: RUF001 - Excel in Chinese and Japanese takes the wide signs too
Cell = str | int | float | datetime | None


def plain(value: object) -> Cell:
    """Give a value of a table as one cell: lists become JSON, and NUL, which no spreadsheet reads, a visible mark."""
    if value is None or isinstance(value, int | float | datetime):
        return value
    if isinstance(value, Decimal):
        return float(value)  # written with all its digits: money has no more than a float holds
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    return json.dumps(value, ensure_ascii=False)


def is_like_formula(text: str) -> bool:
    """Say whether a spreadsheet would take a text for a formula: text from a document must not run on a desk."""
    return text[:1] in _BEGINS_FORMULA
