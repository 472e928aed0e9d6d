"""A quota that limiters share, in memory: the ledger's own buckets without its database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.ledger.quota import Bucket
from tasks.permits import Grant

if TYPE_CHECKING:
    from tasks.ports import Clock


class SharedInMemory:
    """Counts what is out (requests, tokens): taken, and not given back. A trip to it takes *trip* seconds."""

    def __init__(self, clock: Clock, *, requests: float, tokens: float | None = None, trip: float = 0.0) -> None:
        self._clock = clock
        self._trip = trip
        self._requests = Bucket(requests, requests)
        self._tokens = Bucket(tokens or 0.0, tokens)
        self._at = clock.monotonic()
        self.out = [0.0, 0.0]
        self.takes = 0

    async def take(self, *, requests: float, tokens: float) -> Grant:
        await self._clock.sleep(self._trip)
        self._fill()
        self.takes += 1
        self._requests, some_requests, wait = self._requests.take(requests)
        self._tokens, some_tokens, wait_too = self._tokens.take(tokens)
        self.out[0] += some_requests
        self.out[1] += some_tokens
        return Grant(some_requests, some_tokens, max(wait, wait_too))

    async def give_back(self, *, requests: float, tokens: float) -> None:
        self._fill()
        self._requests, self._tokens = self._requests.give_back(requests), self._tokens.give_back(tokens)
        self.out[0] -= requests
        self.out[1] -= tokens

    def _fill(self) -> None:
        seconds = self._clock.monotonic() - self._at
        self._requests, self._tokens = self._requests.after(seconds), self._tokens.after(seconds)
        self._at += seconds
