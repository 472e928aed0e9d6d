"""How many pages may fail before a run is taken to be going wrong."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.errors import TooManyFailures
from schemas.failure_limit import FailureLimit
from schemas.records import PageRecord

FAILED: frozenset[str] = frozenset({"failed", "blocked", "invalid"})
"""Page statuses that say that nothing usable was read."""
SAMPLE = 20
"""Pages that have to be done before a share says anything: the first one to fail would be all of them."""


class Tolerance:
    """Counts the pages that a run has done; `fault` is there once too many of them failed, and stays.

    Rows of earlier runs count nothing, so that a run that was mended and begun again has a clean slate.
    """

    def __init__(self, limit: FailureLimit | None) -> None:
        self.fault: TooManyFailures | None = None
        self._limit = limit
        self._done = 0
        self._failed = 0

    def count(self, rows: Iterable[PageRecord]) -> None:
        """Take note of pages that have their rows."""
        for row in rows:
            self._done += 1
            self._failed += row.status in FAILED
        if self.fault is None and self._is_exceeded():
            self.fault = TooManyFailures(
                f"{self._failed} of {self._done} pages failed, more than --max-failures allows",
                advice="list them with `pagemill status --problems`, mend the cause, and run again: what was read is "
                "kept; `pagemill retry` asks for the failed ones",
            )

    def _is_exceeded(self) -> bool:
        if self._limit is None:
            return False
        if self._limit.pages is not None:
            return self._failed > self._limit.pages
        return self._limit.share is not None and self._done >= SAMPLE and self._failed > self._limit.share * self._done
