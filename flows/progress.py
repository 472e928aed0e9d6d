"""How far a run is: counts that events add to, and the figures that a person wants from them. No clock, no output."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flows.wording import cost, plural, tokens
from schemas.records import READ, CallRecord, PageRecord
from tasks.account import Tally

WINDOW = 60.0
"""Seconds over which the rate is measured."""
_FLAGGED = frozenset({"suspect", "truncated"})


@dataclass
class Progress:
    """What has happened so far. `elapsed` times are seconds since the run began, as the caller's clock counts."""

    files: int = 0
    pages: int = 0
    kept: int = 0
    rejected: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    throttled: int = 0
    retries: int = 0
    spent: Tally = field(default_factory=Tally)
    _done_at: deque[float] = field(default_factory=deque)

    def found(self, *, files: int, pages: int, kept: int) -> None:
        """Take note of how much there is so far."""
        self.files, self.pages, self.kept = files, pages, kept

    def page(self, record: PageRecord, elapsed: float) -> None:
        """Count a page that has its row."""
        self.statuses[record.status] += 1
        self._done_at.append(elapsed)
        while self._done_at[0] < elapsed - WINDOW:
            self._done_at.popleft()

    def call(self, call: CallRecord, spent: Tally) -> None:
        """Count a wire send that is over, and what it took."""
        self.spent += spent
        self.throttled += call.outcome == "throttled"
        self.retries += call.attempt > 1

    @property
    def done(self) -> int:
        """Pages that are behind us, kept ones included."""
        return self.kept + self.statuses.total()

    @property
    def total(self) -> int:
        """Pages that there are, as far as is known."""
        return max(self.pages, self.done)

    @property
    def failed(self) -> int:
        """Pages that were not read."""
        return sum(count for status, count in self.statuses.items() if status not in READ | _FLAGGED)

    @property
    def flagged(self) -> int:
        """Pages that were read and should be looked at."""
        return sum(self.statuses[status] for status in _FLAGGED)

    def per_minute(self, elapsed: float) -> float | None:
        """Pages a minute over the last minute; None before there is anything to measure."""
        recent = sum(1 for moment in self._done_at if moment >= elapsed - WINDOW)
        measured = min(elapsed, WINDOW)
        return recent / measured * 60 if recent and measured >= 1 else None

    def ends_at(self, elapsed: float, now: datetime) -> datetime | None:
        """When the last page will be read, if it goes on like this."""
        rate = self.per_minute(elapsed)
        left = self.total - self.done
        return now + timedelta(minutes=left / rate) if rate and left else None

    def pace(self, elapsed: float, now: datetime) -> list[str]:
        """Say how far it is and how fast it goes."""
        said = [f"pages {self.done:,}/{self.total:,}"] if self.total else [f"{plural(self.files, 'file')} found"]
        if (rate := self.per_minute(elapsed)) is not None:
            said.append(f"{rate:,.0f}/min" if rate >= 1 else f"{rate:.1f}/min")
        if (end := self.ends_at(elapsed, now)) is not None:
            said.append(f"ETA {end:%H:%M}" if end - now < timedelta(hours=20) else f"ETA {end:%d %b %H:%M}")
        return said

    def figures(self) -> list[str]:
        """Say what it took; what there is none of is left out."""
        usage, cost_so_far = self.spent.usage, self.spent.cost
        money = cost(cost_so_far, self.spent.cost_known, self.spent.currency)
        said = [
            (usage.total_tokens, f"tokens {tokens(usage.input_tokens)} in / {tokens(usage.output_tokens)} out"),
            (cost_so_far is None or cost_so_far, money),
            (self.throttled, f"429: {self.throttled:,}"),
            (self.retries, f"retries {self.retries:,}"),
            (self.failed, f"failed {self.failed:,}"),
            (self.flagged, f"flagged {self.flagged:,}"),
            (self.rejected, f"files rejected {self.rejected:,}"),
        ]
        return [text for there, text in said if there]
