"""A share of a backfill as a task run, in whichever process a task runner has carried it to.

What crosses over is a backfill's id, its ledger's address and the conductor's name, and back comes how it went. Keys
and passwords are those of the process's own environment. All that a share needs is opened there, and closed with it.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from dataclasses import dataclass
from multiprocessing import current_process
from typing import Any

from prefect import get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.flow_log import FlowLog
from flows.process_documents import ending, named, stopped
from flows.termination import Termination
from schemas.errors import RunError
from tasks.backfill import Turn, heeding, work
from tasks.ledger import open_ledger

_at_a_share = threading.Lock()
"""A process reads one share at a time, however many threads a cluster gives it: it has one loop, limiter and gate."""


@dataclass(frozen=True, slots=True)
class Came:
    """How a turn came out: of which share, or why there was none to take; what stopped it before it had begun.

    `where` names the process; `kind`, `message` and `advice` are those of the `RunError`.
    """

    where: str
    share: int | None = None
    rests: str | None = None
    kind: str | None = None
    message: str = ""
    advice: str = ""


@task(
    name="read-share",
    task_run_name="share {number} of {of}",
    retries=0,
    cache_policy=NO_CACHE,
    persist_result=False,
    log_prints=False,
)
def read_share(backfill: str, ledger: str, conductor: str, number: int, of: int) -> State[Any]:  # noqa: ARG001 - shown
    """Read a share of a backfill that nobody reads.

    Args:
        backfill: The id that `pagemill backfill` gave it.
        ledger: Where its plan is kept.
        conductor: Under which name the command is known there; the share is put down when it is gone.
        number: How many were handed out before, and this one.
        of: How many shares there are.
    """
    # A task travels as what it is made of: so that this is little, what it does is looked up where it arrives.
    from flows.carried import turn

    return turn(backfill, ledger, conductor)


def turn(backfill: str, ledger: str, conductor: str) -> State[Any]:
    """Read a share in an event loop of its own. A process that is at one lets the next wait."""
    # Dask's workers are daemons, which may not start processes; ours for drawing end with whoever started them.
    current_process().daemon = False
    with _at_a_share:
        return asyncio.run(_turn(backfill, ledger, conductor))


async def _turn(backfill: str, place: str, conductor: str) -> State[Any]:
    log = FlowLog(get_run_logger())
    where = f"{socket.gethostname()}, process {os.getpid()}"
    with Termination(log.note) as termination:
        try:
            async with (
                await asyncio.to_thread(open_ledger, place) as books,
                heeding(books, conductor, termination.stop),
            ):
                if termination.stop.is_set():
                    return Completed(name="Left", message="who handed it out is gone", data=Came(where, rests="left"))
                came = await work(place, backfill, reporter=log, stop=termination.stop)
        except RunError as error:
            return stopped(error, Came(where, None, None, error.kind, str(error), error.advice))
        state = _ending(came, where, log.first_problem)
        termination.hand_on()
        return state


def _ending(came: Turn, where: str, first_problem: str | None) -> State[Any]:
    if came.record is None or came.share is None:
        why = came.rests or "taken"
        return Completed(name=named(why.replace(" ", "_")), message=why, data=Came(where, rests=why))
    state = ending(came.record, first_problem)
    message = f"share {came.share.number} on {where}: {state.message}"
    made = Completed if state.is_completed() else Failed
    return made(name=state.name or "", message=message, data=Came(where, came.share.number))
