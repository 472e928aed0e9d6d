"""CPU of a permit: straight through, and from a queue that waits for room, or for its time with a timer for each.

Run as `python -m benchmarks.limiter`.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from time import monotonic, process_time

from schemas.models import Limits
from schemas.usage import Usage
from tasks.limiter import Limiter

PERMITS = 20_000
WAITERS = 64
TIMERS = 2_000
ANSWER = Usage(input_tokens=2_700, output_tokens=700)


class FastClock:
    """Time that runs *factor* times faster for the pace, so that 600 a minute is not what is measured."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def monotonic(self) -> float:
        """Tell the fast time."""
        return monotonic() * self._factor

    def now(self) -> datetime:
        """Tell the wall time, which no pace looks at."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait so long in fast time."""
        await asyncio.sleep(seconds / self._factor)


async def straight(limiter: Limiter) -> None:
    """One after the other, never waiting."""
    for _ in range(PERMITS):
        (await limiter.permit(2_700)).settle(ANSWER)


async def queued(limiter: Limiter) -> None:
    """Many at once, all through the queue."""

    async def ask() -> None:
        for _ in range(PERMITS // WAITERS):
            permit = await limiter.permit(2_700)
            await asyncio.sleep(0)
            permit.settle(ANSWER)

    await asyncio.gather(*(ask() for _ in range(WAITERS)))


async def timers() -> float:
    """Microseconds of CPU that the event loop takes to sleep and wake once, whoever asks."""
    start = process_time()
    for _ in range(TIMERS):
        await asyncio.sleep(0.001)
    return (process_time() - start) / TIMERS * 1e6


async def main() -> None:
    """Print microseconds of CPU a permit."""
    cases = (
        ("straight through", 100_000, 64, straight),
        ("room in flight", 100_000, 8, queued),
        ("paced", 1_000, 64, queued),
    )
    for name, factor, in_flight, work in cases:
        limiter = Limiter(Limits(600, 6_000_000, in_flight), FastClock(factor))
        start = process_time()
        await work(limiter)
        print(f"{name:18} {(process_time() - start) / PERMITS * 1e6:6.1f} µs of CPU a permit")
        await limiter.aclose()
    print(f"{'an empty timer':18} {await timers():6.1f} µs of CPU, part of each paced permit")


if __name__ == "__main__":
    asyncio.run(main())
