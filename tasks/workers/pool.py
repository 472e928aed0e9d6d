"""A pool of killable worker processes, awaited from one event loop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any, Self, TypeVar

from pebble import ProcessExpired, ProcessPool

from schemas.errors import RenderCrash, RenderTimeout
from tasks.workers.context import worker_context
from tasks.workers.worker import guarded, prepare, ready

T = TypeVar("T")

_TRIES = 2
"""A worker can die of what is not the page's fault (the system short of memory, somebody's kill): try once more."""


class WorkerPool:
    """*size* processes, each allowed *memory_mb* beyond what it holds when it starts.

    The processes start with the first job and are replaced when they die. Time is measured on the event loop's
    clock, from the moment a process is free for the job, so neither a queue nor a clock that jumps costs a page.
    """

    def __init__(self, size: int, memory_mb: int) -> None:
        self._size = size
        self._memory_mb = memory_mb
        self._slots = asyncio.Semaphore(size)
        self._starting = asyncio.Lock()
        self._running: set[Future[Any]] = set()
        self._pool = self._new_pool()
        self._started = False
        self._closed = False

    async def run(self, job: Callable[..., T], *args: object, seconds: float | None = None) -> T:
        """Run *job* (a module-level function, picklable arguments) in a worker process.

        Cancelling the call ends the job's worker.

        Raises:
            RenderTimeout: if it took longer than *seconds*; its worker was killed.
            RenderCrash: if its worker died, or the job needed more memory than a worker may have.
            DocumentError: whatever the job itself raised.
        """
        async with self._slots:
            for attempt in range(1, _TRIES + 1):
                try:
                    await self._ready()
                    return await self._once(job, args, seconds)
                except MemoryError:
                    msg = f"it needs more than the {self._memory_mb} MB of memory that a worker may use"
                    raise RenderCrash(msg) from None
                except (ProcessExpired, BrokenProcessPool) as fault:
                    if attempt == _TRIES:
                        msg = f"its process died, {_cause_of_death(fault)}"
                        raise RenderCrash(msg) from None
        raise AssertionError  # pragma: no cover - the loop returns or raises

    def close(self) -> None:
        """End all workers, and with them what still runs."""
        self._closed = True
        for future in tuple(self._running):
            future.cancel()
        _end(self._pool)

    def __enter__(self) -> Self:
        """Give the pool itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End all workers."""
        self.close()

    def _new_pool(self) -> ProcessPool:
        return ProcessPool(
            max_workers=self._size, context=worker_context(), initializer=prepare, initargs=(self._memory_mb,)
        )

    async def _ready(self) -> None:
        """Start the processes, or start them anew after the pool itself broke; waits off the event loop."""
        async with self._starting:
            if self._closed:
                msg = "the workers are closed"
                raise RuntimeError(msg)
            if self._started and self._pool.active:
                return
            if self._started:
                await asyncio.to_thread(_end, self._pool)
                self._pool = self._new_pool()
            await asyncio.to_thread(getattr, self._pool, "active")  # asking is what starts a pool
            await self._once(ready, (), None)
            self._started = True

    async def _once(self, job: Callable[..., T], args: tuple[object, ...], seconds: float | None) -> T:
        future: Future[T] = self._pool.schedule(guarded, args=(job, *args))
        self._running.add(future)
        try:
            async with asyncio.timeout(seconds) as deadline:
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if not deadline.expired():
                raise
            msg = f"it was not done after {seconds:g} seconds; its process was ended"
            raise RenderTimeout(msg) from None
        finally:
            self._running.discard(future)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]  # pebble leaves it untyped
    pool.join()


def _cause_of_death(fault: ProcessExpired | BrokenProcessPool) -> str:
    if not isinstance(fault, ProcessExpired):
        return "and the pool with it"
    if fault.exitcode == -signal.SIGKILL:
        return "killed by the system, most likely for want of memory"
    if fault.exitcode < 0:
        return f"of {signal.Signals(-fault.exitcode).name}"
    return f"with exit code {fault.exitcode}"
