"""Ctrl-C once: finish what is in flight. Twice: stop now. SIGTERM: like once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from schemas.errors import Interrupted

T = TypeVar("T")

FINISHING = "finishing what is in flight; press Ctrl-C again to stop now"
STOPPING = "stopping now"


class Watch:
    """Listens for signals on the running loop. `stop` is set when the work shall end early."""

    def __init__(self, say: Callable[[str], None], stop_now: Callable[[], object]) -> None:
        self.stop = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._say = say
        self._stop_now = stop_now
        self._asked = False

    def claim(self) -> None:
        """Take the signals, also from a library that has put its own handlers over ours."""
        self._loop.add_signal_handler(signal.SIGINT, self._halt if self._asked else self._ask)
        self._loop.add_signal_handler(signal.SIGTERM, self._ask)

    def release(self) -> None:
        """Give the signals back to Python."""
        self._loop.remove_signal_handler(signal.SIGINT)
        self._loop.remove_signal_handler(signal.SIGTERM)

    def _ask(self) -> None:
        # Not `stop` says whether a person has asked: a run that has to stop sets it as well.
        self._asked = True
        self._say(FINISHING)
        self.stop.set()
        self.claim()

    def _halt(self) -> None:
        self._say(STOPPING)
        # A third Ctrl-C is Python's own KeyboardInterrupt, should the cleaning up hang.
        self._loop.remove_signal_handler(signal.SIGINT)
        # What is abandoned here may still fail; it has nothing to say that helps anybody.
        self._loop.set_exception_handler(lambda _loop, _context: None)
        self._stop_now()


def drive(start: Callable[[Watch], Coroutine[Any, Any, T]], *, say: Callable[[str], None]) -> T:
    """Run what *start* makes under a watch for signals.

    Raises:
        Interrupted: if it was stopped on the spot.
    """
    return asyncio.run(_driven(start, say))


async def _driven(start: Callable[[Watch], Coroutine[Any, Any, T]], say: Callable[[str], None]) -> T:
    watch = Watch(say, lambda: work.cancel())  # noqa: PLW0108 - the work is made after the watch that it is handed
    work = asyncio.ensure_future(start(watch))
    watch.claim()
    try:
        return await work
    except asyncio.CancelledError:
        msg = "stopped at once; what was answered is kept"
        raise Interrupted(msg, advice="run the same command again to go on") from None
    finally:
        watch.release()


@contextmanager
def deaf() -> Iterator[None]:
    """Block Ctrl-C in this thread; a process that is started meanwhile, by it or its threads, inherits that.

    A terminal's Ctrl-C goes to all of its processes: those that serve us are to last until we are done with them.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
