"""Lengths of time as users write them: `30s`, `5m`, `2h`, `1d`."""

from __future__ import annotations

import re

_DURATION = re.compile(r"(\d+(?:\.\d+)?) ?([smhd])")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}


def parse_duration(text: str | None) -> float:
    """Parse a length of time into seconds; None is no time at all.

    >>> parse_duration("90s"), parse_duration("1.5h"), parse_duration(None)
    (90.0, 5400.0, 0.0)

    Raises:
        ValueError: if *text* is not of that form.
    """
    if text is None:
        return 0.0
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        msg = f"{text!r} is no length of time; write 30s, 5m, 2h or 1d"
        raise ValueError(msg)
    return float(match[1]) * _SECONDS[match[2]]
