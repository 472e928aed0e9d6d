"""Ctrl-C once: finish what is in flight. Twice: stop now. SIGTERM: like once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from schemas.errors import Interrupted

T = TypeVar("T")

FINISHING = "finishing what is in flight; press Ctrl-C again to stop now"
STOPPING = "stopping now"


def drive(start: Callable[[asyncio.Event], Coroutine[Any, Any, T]], *, say: Callable[[str], None]) -> T:
    """Run what *start* makes, and hand it the event that asks it to end early.

    Raises:
        Interrupted: if it was stopped on the spot.
    """
    return asyncio.run(_driven(start, say))


async def _driven(start: Callable[[asyncio.Event], Coroutine[Any, Any, T]], say: Callable[[str], None]) -> T:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    work = asyncio.ensure_future(start(stop))

    def stop_now() -> None:
        say(STOPPING)
        # A third Ctrl-C is Python's own KeyboardInterrupt, should the cleaning up hang.
        loop.remove_signal_handler(signal.SIGINT)
        work.cancel()

    def ask_to_end() -> None:
        # Not `stop` says whether a person has asked: a run that has to stop sets it as well.
        say(FINISHING)
        stop.set()
        loop.add_signal_handler(signal.SIGINT, stop_now)

    loop.add_signal_handler(signal.SIGINT, ask_to_end)
    loop.add_signal_handler(signal.SIGTERM, ask_to_end)
    try:
        return await work
    except asyncio.CancelledError:
        msg = "stopped at once; what was answered is kept"
        raise Interrupted(msg, advice="run the same command again to go on") from None
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)
