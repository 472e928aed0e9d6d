"""SIGTERM in a scheduled run: Prefect cancels with it, and so do machines that go down."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from types import FrameType
from typing import Self

from flows.interrupts import FINISHING

Handler = Callable[[int, FrameType | None], object] | int | None


class Termination:
    """Holds a SIGTERM back until what is in flight is finished, and then hands it on to who listened before.

    Prefect's own listener raises in the middle of whatever is running. It is right to end the run, and it knows why
    (a person cancelled it, or the machine goes down); only not before the answers that are paid for have arrived.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self.stop = asyncio.Event()
        self._say = say
        self._came = False
        self._before: Handler = None
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> Self:
        """Listen. Only the main thread can; elsewhere Prefect stops a run in its own way."""
        self._before = signal.getsignal(signal.SIGTERM)
        try:
            self._loop.add_signal_handler(signal.SIGTERM, self._hold)
        except (RuntimeError, ValueError):
            self._before = None
        return self

    def __exit__(self, *_: object) -> None:
        """Listen no more."""
        self._give_back()

    def hand_on(self) -> None:
        """Let who listened before act on a signal that was held back."""
        before = self._before
        self._give_back()
        if self._came and callable(before):
            before(signal.SIGTERM, None)

    def _hold(self) -> None:
        self._came = True
        self._say(FINISHING.partition(";")[0])
        self.stop.set()

    def _give_back(self) -> None:
        if self._before is not None:
            self._loop.remove_signal_handler(signal.SIGTERM)
            signal.signal(signal.SIGTERM, self._before)
            self._before = None
