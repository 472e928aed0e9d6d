"""Permits leased in blocks from a quota that several processes share."""

from __future__ import annotations

import math

from tasks.limiter.meter import HEADROOM
from tasks.permits import SharedQuota
from tasks.ports import Clock

BLOCK = 0.5
"""Seconds of the present rate that are taken at once: fewer questions to the database against a fairer share."""
_ROUNDING = 1e-6


class Lease:
    """What was taken of the shared quota and not used yet."""

    def __init__(self, quota: SharedQuota, clock: Clock) -> None:
        self._quota = quota
        self._clock = clock
        self._requests = 0.0
        self._tokens = 0.0
        self._usable_at = -math.inf

    async def cover(self, tokens: int, rates: tuple[float, float]) -> float:
        """See to it that one call of *tokens* is covered; gives the seconds to wait before asking again, or 0.

        What is granted is kept, so that a call larger than a block gathers its tokens over several.
        """
        while not (wait := max(self._usable_at - self._clock.monotonic(), 0.0)) and not self._covers(tokens):
            requests = _block(self._short(1, self._requests), rates[0])
            wanted = _block(self._short(tokens, self._tokens), rates[1])
            grant = await self._quota.take(requests=requests, tokens=wanted)
            self._requests += grant.requests
            self._tokens += grant.tokens
            if grant.wait:
                self._usable_at = self._clock.monotonic() + grant.wait
        return wait

    def charge(self, *, requests: int = 0, tokens: int = 0) -> None:
        """Use some of it, and the headroom with it; negative corrects what an estimate had taken too much."""
        self._requests -= requests / HEADROOM
        self._tokens -= tokens / HEADROOM

    async def give_back(self) -> None:
        """Give all that is left to the others."""
        requests, tokens = max(self._requests, 0.0), max(self._tokens, 0.0)
        if requests or tokens:
            self._requests -= requests
            self._tokens -= tokens
            await self._quota.give_back(requests=requests, tokens=tokens)

    def _covers(self, tokens: int) -> bool:
        return self._short(1, self._requests) <= _ROUNDING and self._short(tokens, self._tokens) <= _ROUNDING

    @staticmethod
    def _short(needed: float, held: float) -> float:
        """What is missing to cover a call, with the headroom that each call leaves unused."""
        return needed / HEADROOM - held


def _block(short: float, rate: float) -> float:
    if short <= _ROUNDING:
        return 0.0
    return short if math.isinf(rate) else max(short, rate * BLOCK)
