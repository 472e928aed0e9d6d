"""A backfill from the command: planned or taken up, then worked off here or by the runs of a deployment."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import SecretStr

from flows.backfill_view import Problems, View
from schemas.backfill import Backfill, Chosen
from schemas.config import RunConfig, without_password
from schemas.errors import ExitCode, NoInput, RunError
from tasks.backfill import Standing, found, plan, plan_on, settings, standing, work
from tasks.ledger import Vigil, open_ledger
from tasks.order import resolve

LOOK = 3.0
"""Seconds between two looks at how a backfill stands."""
ENDS = {"finished": ExitCode.OK, "paused": ExitCode.INTERRUPTED, "deadline": ExitCode.BUDGET}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a backfill stood when the command left it, and why it did."""

    stands: Standing
    why: str
    message: str = ""
    code: int = 0

    @property
    def exit_code(self) -> int:
        """What the command leaves with."""
        if self.code:
            return self.code
        missing = self.why == "finished" and self.stands.pages_failed
        return ExitCode.PAGES_MISSING if missing else ENDS.get(self.why, ExitCode.INTERRUPTED)


async def begin(
    config: RunConfig, chosen: Chosen, deadline: datetime | None, *, problems: Problems, stop: asyncio.Event
) -> Backfill:
    """Plan a backfill, or go on with the same one."""
    return await plan(config, chosen, deadline=deadline, reporter=problems, stop=stop)


async def take_up(
    place: str,
    backfill_id: str,
    changes: dict[str, Any],
    *,
    passwords: tuple[SecretStr, ...],
    problems: Problems,
    stop: asyncio.Event,
) -> Backfill:
    """Let a backfill go on that was paused, interrupted or at its limits, with other limits if some are given.

    Raises:
        NoInput: if there is none of that name, or nothing is left of it.
    """
    async with await asyncio.to_thread(open_ledger, place) as ledger:
        backfill = await found(ledger, backfill_id)
        if backfill.finished_at is not None:
            msg = f"backfill {backfill_id} was finished at {backfill.finished_at:%Y-%m-%d %H:%M} UTC"
            raise NoInput(msg, advice="plan another one: pagemill backfill SOURCE --out DIR")
        await ledger.change_backfill(backfill_id, **{"paused": False, **changes})
        config = settings(backfill, place).model_copy(update={"passwords": passwords})
        return await plan_on(await found(ledger, backfill_id), ledger, config, reporter=problems, stop=stop)


def currency_of(backfill: Backfill, place: str) -> str | None:
    """Give the currency in which a backfill's money is counted."""
    return resolve(settings(backfill, place)).currency


async def change(place: str, backfill_id: str, **values: Any) -> Standing:
    """Pause a backfill or give it up; runs at work finish what is in flight."""
    async with await asyncio.to_thread(open_ledger, place) as ledger:
        await found(ledger, backfill_id)
        await ledger.change_backfill(backfill_id, **values)
        return await standing(ledger, backfill_id)


async def unfinished(place: str) -> list[Standing]:
    """List the backfills of a ledger that are not finished, and how they stand."""
    async with await asyncio.to_thread(open_ledger, place) as ledger:
        return [await standing(ledger, one.backfill_id) for one in await ledger.backfills()]


async def work_here(
    place: str, backfill_id: str, view: View, problems: Problems, stop: asyncio.Event, passwords: tuple[SecretStr, ...]
) -> Outcome:
    """Take share after share in this process, beside whoever else does, until nothing is left or it is to rest."""
    showing = asyncio.ensure_future(_show(place, backfill_id, view))
    try:
        why, message, code = await _turns(place, backfill_id, problems, stop, passwords)
    finally:
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing
    async with await asyncio.to_thread(open_ledger, place) as ledger:
        return Outcome(await standing(ledger, backfill_id), why, message, code)


async def _turns(
    place: str, backfill_id: str, problems: Problems, stop: asyncio.Event, passwords: tuple[SecretStr, ...]
) -> tuple[str, str, int]:
    vigil = Vigil()
    while not stop.is_set():
        turn = await work(place, backfill_id, reporter=problems, stop=stop, passwords=passwords, vigil=vigil)
        if turn.rests == "taken":
            await pause(stop, LOOK)  # others are at work; should one die, its share is ours
        elif turn.rests is not None:
            return turn.rests, "", 0
        elif (record := turn.record) is not None and record.status == "stopped":
            goes_on = record.error_kind == "budget" and record.calls
            if not goes_on:
                return record.error_kind or record.status, record.error_message or "", record.exit_code
    return "interrupted", "", 0


async def _show(place: str, backfill_id: str, view: View) -> None:
    with suppress(RunError):  # the runs meet the same fault where they write
        async with await asyncio.to_thread(open_ledger, place) as ledger:
            while True:
                view.show(await standing(ledger, backfill_id))
                await asyncio.sleep(LOOK)


def without_secret(place: str) -> str:
    """Give the ledger's address without its password: Prefect stores parameters, and shows them."""
    masked = without_password(place) or place
    return masked.replace(":***@", "@")


async def pause(stop: asyncio.Event, seconds: float) -> None:
    """Wait, unless we are to stop."""
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), seconds)
