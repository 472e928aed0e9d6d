"""Following a backfill that others work at, until nothing is left of it or it is to rest."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Protocol

from flows.backfill_work import LOOK, Outcome, pause
from schemas.backfill import Backfill, Share
from schemas.errors import RunError
from tasks.backfill import Standing, standing
from tasks.ledger import Ledger, Vigil

_PASSES = frozenset({None, "interrupted", "budget"})
"""How a share may have ended and be taken up again without anybody having mended something."""


class Hands(Protocol):
    """Who does the work: runs of a deployment, or tasks of a runner."""

    async def top_up(self, stands: Standing) -> int:
        """Set more to work, if a backfill that stands so needs more; count those that are there.

        Raises:
            RunError: if it cannot go on.
        """
        ...

    async def said(self, share: Share) -> str:
        """Say why the run that took a share last did not begin, as far as that is known."""
        ...


class Shows(Protocol):
    """Who is shown how far it is."""

    def show(self, stands: Standing) -> None:
        """Show how it stands now."""
        ...


async def until_rest(
    ledger: Ledger, backfill: Backfill, hands: Hands, view: Shows, stop: asyncio.Event
) -> Outcome | None:
    """Keep hands at work until nothing is left, or it is to rest; None if *stop* came first."""
    vigil = Vigil()
    while True:
        stands = await standing(ledger, backfill.backfill_id, vigil)
        view.show(stands)
        if (why := _over(stands)) is not None:
            return Outcome(stands, why)
        if stop.is_set():
            return None
        active = await hands.top_up(stands)
        fault = next((share.ended for share in stands.free if share.ended not in _PASSES), None)
        exhausted = "budget" if stands.free and not worth_it(stands) else None
        if not active and (why := fault or exhausted):
            return Outcome(stands, why, await _why(ledger, stands, why, hands), fault_of(why).exit_code)
        await pause(stop, LOOK)


def worth_it(stands: Standing) -> bool:
    """Whether a run that is begun now could do something."""
    ends = {share.ended for share in stands.free}
    if not ends <= _PASSES:
        return False
    return "budget" not in ends or stands.budget_is_left


def wants_more(stands: Standing) -> bool:
    """Whether a run is to be begun now, if a share is free for it."""
    return stands.rests(datetime.now(UTC)) is None and worth_it(stands)


def fault_of(kind: str) -> type[RunError]:
    """Find what stops a run by its stable code."""
    return next((one for one in faults() if one.kind == kind), RunError)


def faults() -> list[type[RunError]]:
    """List what stops a run."""
    kinds: list[type[RunError]] = [RunError]
    for one in kinds:
        kinds.extend(one.__subclasses__())
    return kinds


def _over(stands: Standing) -> str | None:
    why = stands.rests(datetime.now(UTC))
    if why == "taken" or (why in {"paused", "deadline"} and stands.held):
        return None
    return why if stands.open or why == "finished" else None


async def _why(ledger: Ledger, stands: Standing, why: str, hands: Hands) -> str:
    shares = [share for share in stands.free if share.ended == why]
    runs = {share.run_id for share in shares}
    for run in await ledger.runs(stands.backfill.dataset_id):
        if run.run_id in runs and run.record is not None and run.record.error_message:
            return str(run.record.error_message)
    return await hands.said(shares[0]) if shares else ""
