"""Waiting that ends when the run is to stop, and work that does not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from schemas.errors import Interrupted

T = TypeVar("T")


def stopped() -> Interrupted:
    """Give the error of who waited when the run was stopped."""
    return Interrupted("the run was stopped", advice="run the same command again: what was read is kept")


async def unless_stopped(stop: asyncio.Event, work: Coroutine[Any, Any, T], undo: Callable[[T], None]) -> T:
    """Wait for *work* as long as the run goes on. What it brought too late is undone.

    Raises:
        Interrupted: if *stop* was set before it ended.
    """
    if stop.is_set():
        work.close()
        raise stopped()
    task, end = asyncio.ensure_future(work), asyncio.ensure_future(stop.wait())
    kept = False
    try:
        await asyncio.wait((task, end), return_when=asyncio.FIRST_COMPLETED)
        if stop.is_set():
            raise stopped()
        kept = True
        return task.result()
    finally:
        end.cancel()
        if not kept:
            await _call_off(task, undo)


async def _call_off(task: asyncio.Future[T], undo: Callable[[T], None]) -> None:
    task.cancel()
    results = await asyncio.gather(task, return_exceptions=True)
    if not isinstance(results[0], BaseException):
        undo(results[0])


async def finished(work: Coroutine[Any, Any, None]) -> None:
    """Do *work* to its end, also if the caller is cancelled meanwhile: a paid answer is being written."""
    task = asyncio.ensure_future(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait((task,))
        raise
