"""How many is too many, as users write it: `5%` or `200`."""

from __future__ import annotations

import re
from typing import NamedTuple

_LIMIT = re.compile(r"(\d+)|(\d+(?:\.\d+)?) ?%")
_WHOLE = 100.0


class FailureLimit(NamedTuple):
    """At most so many *pages*, or at most a *share* (0-1) of all; the other one is None."""

    pages: int | None
    share: float | None


def parse_failure_limit(text: str | None) -> FailureLimit | None:
    """Parse `5%` or `200`; None stays None and means no limit.

    >>> parse_failure_limit("200"), parse_failure_limit("2.5%").share
    (FailureLimit(pages=200, share=None), 0.025)

    Raises:
        ValueError: if *text* is not of that form.
    """
    if text is None:
        return None
    match = _LIMIT.fullmatch(text.strip())
    if match is None or (match[2] and float(match[2]) >= _WHOLE):
        msg = f"{text!r} is no limit on failures; write a number of pages like 200, or a share below 100% like 5%"
        raise ValueError(msg)
    return FailureLimit(int(match[1]), None) if match[1] else FailureLimit(None, float(match[2]) / _WHOLE)
