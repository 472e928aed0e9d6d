"""Pictures made for a notebook: worker processes behind a thread of their own, so that any thread can wait for them."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from tasks.workers import WorkerPool

T = TypeVar("T")

MEMORY_MB = 2_048
SECONDS = 120.0


class Darkroom:
    """Runs jobs in one worker process, one after the other. A notebook has an event loop already, so here is another.

    The process starts with the first job and ends with `close`, with the object, or with Python.
    """

    def __init__(self) -> None:
        self._opening = threading.Lock()
        self._room: tuple[asyncio.AbstractEventLoop, WorkerPool] | None = None
        self._ending: weakref.finalize[[asyncio.AbstractEventLoop, WorkerPool], Darkroom] | None = None

    def run(self, job: Callable[..., T], *args: object) -> T:
        """Run *job* and wait for it.

        Raises:
            RenderTimeout: if it took too long.
            RenderCrash: if its process died of it.
            DocumentError: whatever the job itself raised.
        """
        loop, pool = self._opened()
        result = asyncio.run_coroutine_threadsafe(pool.run(job, *args, seconds=SECONDS), loop)
        try:
            return result.result()
        except BaseException:
            result.cancel()
            raise

    def close(self) -> None:
        """End the worker; the next job starts another."""
        with self._opening:
            if self._ending is not None:
                self._ending()
            self._room = self._ending = None

    def _opened(self) -> tuple[asyncio.AbstractEventLoop, WorkerPool]:
        with self._opening:
            if self._room is None:
                self._room = _open()
                self._ending = weakref.finalize(self, _close, *self._room)
            return self._room


def _open() -> tuple[asyncio.AbstractEventLoop, WorkerPool]:
    from tasks.workers import WorkerPool

    loop = asyncio.new_event_loop()
    threading.Thread(target=_serve, args=(loop,), name="darkroom", daemon=True).start()
    return loop, WorkerPool(1, MEMORY_MB)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()


def _close(loop: asyncio.AbstractEventLoop, pool: WorkerPool) -> None:
    pool.close()
    loop.call_soon_threadsafe(loop.stop)
