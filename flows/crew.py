"""The tasks that read a backfill's shares in the processes of a cluster: handed out, counted, and listened to."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from flows.backfill_view import Problems
from flows.carried import Came, read_share
from flows.following import fault_of, wants_more
from flows.runners import Runner
from schemas.backfill import Backfill, Share
from schemas.errors import Interrupted, RunError, UsageFault
from tasks.backfill import Standing
from tasks.ledger import Lease

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture

AT_ONCE = 200
"""Tasks handed out in one go; the rest follow as these end."""
BREAKS = 5
"""Tasks in a row that may be lost with their process, or for any reason of the cluster's, before it is given up."""
_LOOK = 0.5
"""Seconds between two looks at who is still at work, at the end."""


class Crew:
    """The tasks of one backfill. *lease* is what they look for in the ledger, to know that we are there."""

    def __init__(self, runner: Runner, backfill: Backfill, place: str, lease: Lease, problems: Problems) -> None:
        self._lease = lease
        self._runner = runner
        self._backfill = backfill
        self._place = place
        self._problems = problems
        self._active: list[PrefectFuture[Any]] = []
        self._handed_out = 0
        self._broken = 0

    async def top_up(self, stands: Standing) -> int:
        """Hand out as many shares as are free and not asked for; count the tasks that are there.

        Raises:
            RunError: what kept a process from beginning.
            UsageFault: if the cluster loses one task after the other.
            Interrupted: if we were not heard of for so long that the tasks took us for dead.
        """
        if self._lease.lost.is_set():
            msg = "this process was not heard of for too long, and those that read for it stopped"
            raise Interrupted(msg, advice=f"go on with: pagemill backfill --resume {self._backfill.backfill_id}")
        await self._listen()
        waiting = max(0, len(self._active) - len(stands.held))
        wanted = min(len(stands.free) - waiting, len(stands.open) - len(self._active)) if wants_more(stands) else 0
        for _ in range(min(max(wanted, 0), AT_ONCE)):
            self._handed_out += 1
            # In a thread, for a cluster may be slow to answer; the flow run's context comes along.
            self._active.append(await asyncio.to_thread(self._submit, len(stands.shares)))
        return len(self._active)

    async def said(self, share: Share) -> str:  # noqa: ARG002 - the contract; a task that did not begin has raised that
        """Say nothing more."""
        return ""

    async def all_over(self) -> None:
        """Wait until no task is left."""
        while self._active:
            with suppress(RunError):  # whatever it is now, the backfill is told to end
                await self._listen()
            await asyncio.sleep(_LOOK)

    def _submit(self, of: int) -> PrefectFuture[Any]:
        return read_share.submit(self._backfill.backfill_id, self._place, self._lease.name, self._handed_out, of)

    async def _listen(self) -> None:
        """Take what has ended out of the active ones.

        Raises:
            RunError: the first fault among them.
        """
        faults = []
        for future in await asyncio.to_thread(self._over):
            self._active.remove(future)
            came = await asyncio.to_thread(_brought, future)
            if isinstance(came, str):
                self._broken += 1
                self._problems.note(f"a process was lost, another takes its share: {came}")
            elif came.kind is not None:
                faults.append(fault_of(came.kind)(f"{came.where}: {came.message}", advice=came.advice))
            else:
                self._broken = 0
        if faults:
            raise faults[0]
        if self._broken >= BREAKS:
            msg = f"the processes of {self._runner} cannot read: {self._broken} tasks in a row were lost"
            raise UsageFault(msg, advice="see what is said above; all need the same Python and the same pagemill")

    def _over(self) -> list[PrefectFuture[Any]]:
        return [future for future in self._active if self._runner.module.is_over(future)]


def _brought(future: PrefectFuture[Any]) -> Came | str:
    """Take how a turn came out, or the first line of what became of the task instead."""
    try:
        brought = future.result(raise_on_failure=False)
    except Exception as error:  # noqa: BLE001 - each runner has its own for a process that died
        brought = error
    if isinstance(brought, Came):
        return brought
    return next(iter(str(brought).strip().splitlines()), type(brought).__name__)
