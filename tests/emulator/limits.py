"""The quota of an account and model: token buckets by the minute and by the second, and a check on growth."""

from __future__ import annotations

import math
import threading
from collections import deque
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING, Any

from tests.emulator.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable

RATE = ("Throttling.RateQuota", "Requests rate limit exceeded, please try again later.")
ALLOCATION = ("Throttling.AllocationQuota", "Allocated quota exceeded, please increase your quota limit.")
BURST = (
    "Throttling.BurstRate",
    "Request rate increased too quickly. Please adjust your client logic to scale smoothly.",
)
GROWTH_WINDOW = 10.0
GROWTH_FLOOR = 5


@dataclass(frozen=True, slots=True)
class Quota:
    """What is allowed. None is unlimited.

    `rps` and `tps` follow from the minute's figures where they are not given. `burst` is the factor by which the
    requests of one second may pass the busiest of the ten seconds before. With `retry_after` refusals say when.
    """

    rpm: float | None = None
    tpm: float | None = None
    rps: float | None = None
    tps: float | None = None
    burst: float | None = None
    retry_after: bool = False


class Bucket:
    """Fills by *rate* a second up to *size*; may be drawn below zero by what is only known afterwards."""

    def __init__(self, size: float, rate: float, now: float) -> None:
        self._size = size
        self._rate = rate
        self._level = size
        self._at = now

    def wait(self, amount: float, now: float) -> float:
        """Seconds until *amount* is there; 0 is now."""
        self._level = min(self._size, self._level + (now - self._at) * self._rate)
        self._at = now
        return max(0.0, (min(amount, self._size) - self._level) / self._rate)

    def take(self, amount: float) -> None:
        self._level -= amount


class _Account:
    """The buckets of one account and model."""

    def __init__(self, quota: Quota, now: float) -> None:
        self.requests = _buckets(quota.rpm, quota.rps, now, whole=True)
        self.tokens = _buckets(quota.tpm, quota.tps, now, whole=False)
        self.burst = quota.burst
        self.recent: deque[float] = deque()

    def too_steep(self, now: float) -> bool:
        """Whether one more request now would be a leap over the busiest of the seconds before."""
        while self.recent and self.recent[0] < now - GROWTH_WINDOW - 1:
            self.recent.popleft()
        if self.burst is None:
            return False
        by_second = [0] * (int(GROWTH_WINDOW) + 1)
        for at in self.recent:
            by_second[min(int(now - at), len(by_second) - 1)] += 1
        return by_second[0] + 1 > max(GROWTH_FLOOR, self.burst * max(by_second[1:]))


def _buckets(minute: float | None, second: float | None, now: float, *, whole: bool) -> list[Bucket]:
    if second is None and minute is not None:
        second = math.ceil(minute / 60) if whole else minute / 60
    sized = [] if minute is None else [Bucket(minute, minute / 60, now)]
    return sized if second is None else [*sized, Bucket(second, second, now)]


class Limits:
    """All accounts' buckets over one quota, with exceptions by model. Safe to change from any thread."""

    def __init__(self, quota: Quota, clock: Callable[[], float] = monotonic) -> None:
        self._quota = quota
        self._by_model: dict[str, Quota] = {}
        self._accounts: dict[tuple[str, str], _Account] = {}
        self._clock = clock
        self._lock = threading.Lock()

    @property
    def quota(self) -> Quota:
        return self._quota

    def set(self, *, model: str | None = None, **changes: Any) -> None:
        """Change the quota, of one model or of all; buckets start anew, full."""
        with self._lock:
            if model is None:
                self._quota = replace(self._quota, **changes)
            else:
                self._by_model[model] = replace(self._by_model.get(model, self._quota), **changes)
            self._accounts.clear()

    def admit(self, account: str, model: str) -> None:
        """Count a request.

        Raises:
            Refusal: 429, when it comes too early or too suddenly.
        """
        with self._lock:
            now = self._clock()
            state = self._state(account, model, now)
            if state.too_steep(now):
                raise self._throttled(BURST, 1.0)
            wait = max((bucket.wait(1, now) for bucket in state.requests), default=0.0)
            if wait > 0:
                raise self._throttled(RATE, wait)
            state.recent.append(now)
            for bucket in state.requests:
                bucket.take(1)

    def admit_tokens(self, account: str, model: str, tokens: int) -> None:
        """Count a request's input tokens; those of a second only pace, as one page is more than a second's share.

        Raises:
            Refusal: 429, when the minute's tokens are used up.
        """
        with self._lock:
            now = self._clock()
            state = self._state(account, model, now)
            wait = max((bucket.wait(1, now) for bucket in state.tokens), default=0.0)
            if wait > 0:
                raise self._throttled(ALLOCATION, wait)
            for bucket in state.tokens:
                bucket.take(tokens)

    def spend(self, account: str, model: str, tokens: int) -> None:
        """Draw the output tokens, known only now."""
        with self._lock:
            for bucket in self._state(account, model, self._clock()).tokens:
                bucket.take(tokens)

    def _state(self, account: str, model: str, now: float) -> _Account:
        state = self._accounts.get((account, model))
        if state is None:
            state = self._accounts[account, model] = _Account(self._by_model.get(model, self._quota), now)
        return state

    def _throttled(self, what: tuple[str, str], wait: float) -> Refusal:
        after = max(1, math.ceil(wait)) if self._quota.retry_after else None
        return Refusal(429, *what, by_gateway=True, retry_after=after)
