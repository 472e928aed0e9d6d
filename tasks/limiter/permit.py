"""What is known of calls that may leave, and of those that left: pace, lease and forecast kept together."""

from __future__ import annotations

import asyncio

from schemas.usage import Usage
from tasks.forecast import OutputForecast
from tasks.limiter.lease import Lease
from tasks.limiter.pace import Pace, Sent
from tasks.ports import Clock


class Books:
    """Books a call wherever it counts, and books what came of it."""

    def __init__(self, pace: Pace, clock: Clock, forecast: OutputForecast, lease: Lease | None) -> None:
        self.pace = pace
        self.clock = clock
        self.forecast = forecast
        self.lease = lease

    def send(self, tokens: int) -> Sent:
        """Book a call that leaves now."""
        if self.lease is not None:
            self.lease.charge(requests=1, tokens=tokens)
        return self.pace.send(self.clock.monotonic(), tokens)

    def back(self, sent: Sent, tokens: int | None) -> None:
        """Book an answer, or another end than a refusal."""
        self._correct_lease(sent, tokens)
        self.pace.back(sent, tokens)

    def throttled(self, sent: Sent, retry_after: float | None) -> None:
        """Book a refusal."""
        self._correct_lease(sent, 0)
        self.pace.throttled(self.clock.monotonic(), sent, retry_after)

    def unsent(self, sent: Sent) -> None:
        """Strike out a call that did not leave."""
        self._correct_lease(sent, 0, requests=1)
        self.pace.unsent(sent)

    def _correct_lease(self, sent: Sent, tokens: int | None, *, requests: int = 0) -> None:
        if self.lease is not None and tokens is not None:
            self.lease.charge(requests=-requests, tokens=tokens - sent.tokens)


class Permit:
    """Leave to send one call. One of its methods is called when it is known what came of it; the first one counts."""

    __slots__ = ("_books", "_kind", "_open", "_room", "_sent")

    def __init__(self, books: Books, kind: str, sent: Sent, room: asyncio.Event) -> None:
        self._books = books
        self._kind = kind
        self._sent = sent
        self._room = room
        self._open = True

    def settle(self, usage: Usage | None) -> None:
        """Tell that it was answered and what it took; None is unknown."""
        if self._close():
            self._books.back(self._sent, usage.total_tokens if usage else None)
            if usage:
                self._books.forecast.learn(self._kind, usage.output_tokens)

    def throttled(self, retry_after: float | None, *, tokens: bool = False) -> None:
        """Tell that the service said: slower. Both quotas share one speed, so it does not matter which was meant."""
        del tokens
        if self._close():
            self._books.throttled(self._sent, retry_after)

    def failed(self) -> None:
        """Tell that it failed for another reason, which is no reason to slow down."""
        self.settle(None)

    def unused(self) -> None:
        """Give it back: the call was not sent."""
        if self._close():
            self._books.unsent(self._sent)

    def _close(self) -> bool:
        was_open, self._open = self._open, False
        self._room.set()
        return was_open
