"""The queue before the pace: first come, first served."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field

from schemas.errors import Interrupted
from schemas.models import Limits
from tasks.forecast import OutputForecast
from tasks.limiter.lease import Lease
from tasks.limiter.pace import Pace, Sent
from tasks.limiter.permit import Books, Permit
from tasks.permits import SharedQuota
from tasks.ports import Clock

LOOK_AGAIN = 0.25
"""The longest sleep in seconds: what changes meanwhile (limits, corrections) is seen at the next look."""
IDLE = 2.0
"""Seconds without anybody waiting after which leased permits go back to the others."""


def _turn() -> asyncio.Future[Sent]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True)
class _Waiter:
    """Somebody who stands in the queue with a call of so many tokens."""

    tokens: int
    turn: asyncio.Future[Sent] = field(default_factory=_turn)


class Limiter:
    """Lets calls leave one by one, evenly, as fast as the service allows.

    It holds requests a minute, tokens a minute and calls in flight, and takes its permits from a quota that it
    shares with other processes, where there is one. `aclose` gives back what is left of that.
    """

    def __init__(
        self, limits: Limits, clock: Clock, *, quota: SharedQuota | None = None, forecast: OutputForecast | None = None
    ) -> None:
        self._clock = clock
        self._lease = Lease(quota, clock) if quota else None
        self._pace = Pace(limits, clock.monotonic())
        self._books = Books(self._pace, clock, forecast or OutputForecast(), self._lease)
        self._waiting: deque[_Waiter] = deque()
        self._room = asyncio.Event()
        self._doorman: asyncio.Task[None] | None = None
        self._returning: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def pace(self) -> Pace:
        """The state behind it, to look at."""
        return self._pace

    def set_limits(self, limits: Limits) -> None:
        """Go on under other limits."""
        self._pace.set_limits(limits, self._clock.monotonic())
        self._room.set()

    async def permit(self, input_tokens: int, *, kind: str = "") -> Permit:
        """Wait for its turn. *kind* names questions whose answers are of a length, to know what they will take.

        Raises:
            Interrupted: if the limiter is closed.
            LedgerFault: if the shared quota cannot be asked.
        """
        tokens = input_tokens + self._books.forecast.expect(kind)
        sent = self._at_once(tokens) or await self._in_turn(tokens)
        return Permit(self._books, kind, sent, self._room)

    async def aclose(self) -> None:
        """Let nobody through any more, and give back what is leased."""
        self._closed = True
        for task in (self._doorman, self._returning):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        self._turn_away(Interrupted("no further calls are made: the limiter is closed"))
        if self._lease is not None:
            await self._lease.give_back()

    def _at_once(self, tokens: int) -> Sent | None:
        if self._waiting or self._lease is not None or self._pace.full or self._closed:
            return None
        return None if self._pace.delay(self._clock.monotonic()) else self._books.send(tokens)

    async def _in_turn(self, tokens: int) -> Sent:
        if self._closed:
            raise Interrupted("no further calls are made: the limiter is closed")
        waiter = _Waiter(tokens)
        self._waiting.append(waiter)
        if self._doorman is None or self._doorman.done():
            self._doorman = asyncio.create_task(self._serve())
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.done() and not waiter.turn.cancelled() and not waiter.turn.exception():
                self._books.unsent(waiter.turn.result())  # let through and cancelled at the same moment
                self._room.set()
            raise

    async def _serve(self) -> None:
        """Let the waiting through, one after the other. Ends when nobody waits."""
        try:
            while self._waiting:
                await self._serve_first(self._waiting[0])
        except Exception as error:  # noqa: BLE001  whatever it is, those who wait raise it
            self._turn_away(error)
        if self._lease is not None and (self._returning is None or self._returning.done()):
            self._returning = asyncio.create_task(self._return_when_idle(self._lease))

    async def _serve_first(self, first: _Waiter) -> None:
        wait = 0.0
        if first.turn.done():  # cancelled
            self._waiting.popleft()
        elif self._pace.full:
            self._room.clear()
            await self._room.wait()
        elif (wait := self._pace.delay(self._clock.monotonic())) or (wait := await self._to_be_covered(first)):
            await self._clock.sleep(min(wait, LOOK_AGAIN))
        elif not first.turn.done():
            self._waiting.popleft()
            first.turn.set_result(self._books.send(first.tokens))

    async def _to_be_covered(self, first: _Waiter) -> float:
        return 0.0 if self._lease is None else await self._lease.cover(first.tokens, self._pace.rates)

    async def _return_when_idle(self, lease: Lease) -> None:
        await self._clock.sleep(IDLE)
        while self._doorman is not None and not self._doorman.done():
            await self._clock.sleep(IDLE)
        await lease.give_back()

    def _turn_away(self, error: Exception) -> None:
        while self._waiting:
            first = self._waiting.popleft()
            if not first.turn.done():
                first.turn.set_exception(error)
