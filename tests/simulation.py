"""Time that passes only when nobody has anything to do: an hour of waiting is over at once, and always the same."""

from __future__ import annotations

import asyncio
import selectors
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class Deadlock(AssertionError):
    """Everybody waits, and nothing will ever happen."""


class _JumpingSelector(selectors.SelectSelector):
    """Instead of waiting for a time to come, lets it be that time."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Deadlock
        self.now += max(timeout, 0.0)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """An event loop on virtual time, from 0."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._jumping.now


class SimulatedClock:
    """The clock of a simulated loop. `jump` moves the wall clock alone, as an administrator or NTP does."""

    def __init__(self) -> None:
        self._jumped = timedelta()

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self.monotonic()) + self._jumped

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def jump(self, by: timedelta) -> None:
        self._jumped += by


def simulate(story: Coroutine[Any, Any, T]) -> T:
    """Run a story from its beginning to its end in virtual time."""
    with asyncio.Runner(loop_factory=SimulatedLoop) as runner:
        return runner.run(story)
