"""A quota that limiters share, in memory: what the ledger does with a row, done with two numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.ports import Grant

if TYPE_CHECKING:
    from tasks.ports import Clock


class SharedInMemory:
    """Fills by the rate, to a second's worth. Counts what is out: taken, and not given back."""

    def __init__(self, clock: Clock, *, requests: float, tokens: float) -> None:
        self._clock = clock
        self._rates = (requests, tokens)
        self._levels = [requests, tokens]
        self._at = clock.monotonic()
        self.out = [0.0, 0.0]
        self.takes = 0

    async def take(self, *, requests: float, tokens: float) -> Grant:
        self.takes += 1
        self._fill()
        granted = [min(want, level) for want, level in zip((requests, tokens), self._levels, strict=True)]
        for index, amount in enumerate(granted):
            self._levels[index] -= amount
            self.out[index] += amount
        missing = (requests - granted[0], tokens - granted[1])
        wait = max(short / rate for short, rate in zip(missing, self._rates, strict=True))
        return Grant(granted[0], granted[1], min(wait, 1.0))

    async def give_back(self, *, requests: float, tokens: float) -> None:
        self._fill()
        for index, amount in enumerate((requests, tokens)):
            self._levels[index] = min(self._levels[index] + amount, self._rates[index])
            self.out[index] -= amount

    def _fill(self) -> None:
        now = self._clock.monotonic()
        for index, rate in enumerate(self._rates):
            self._levels[index] = min(self._levels[index] + (now - self._at) * rate, rate)
        self._at = now
