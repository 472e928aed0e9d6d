"""Working at a backfill: a share is taken, read as a run of its own, and put down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from pydantic import SecretStr

from schemas.backfill import Backfill, Share
from schemas.errors import LedgerFault, NoInput, OutputInUse, RunError
from schemas.records import RunRecord
from schemas.spending import NOTHING, Spending
from tasks.account import priced, tally
from tasks.backfill.counting import Counting
from tasks.backfill.standing import Standing, closing, found, settings, standing
from tasks.holding import output_lease
from tasks.ledger import Ledger, Vigil, open_ledger
from tasks.order import Order, resolve
from tasks.portion import Portion
from tasks.ports import Reporter
from tasks.resumption import ENDED, spending
from tasks.run import RunsShards, directly, run_portion

LOOK = 2.0
"""Seconds between two looks whether somebody paused the whole, and between two notes on how far a share is."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of asking for a share: the run that was made of it, or why there was none to take.

    `rests` is one of finished, not planned, paused, deadline, taken.
    """

    share: Share | None = None
    record: RunRecord | None = None
    rests: str | None = None


class _TakenMeanwhile(OutputInUse):
    """Somebody else took this share, or did it, between our look and our grasp."""


async def work(
    place: str,
    backfill_id: str,
    *,
    reporter: Reporter,
    stop: asyncio.Event,
    run_shard: RunsShards = directly,
    flow_run_id: str | None = None,
    passwords: tuple[SecretStr, ...] = (),
    vigil: Vigil | None = None,
) -> Turn:
    """Take one share that nobody works at, and read it. The last one closes the whole.

    A share whose run died is taken like any other: what was answered is kept, what was spent counts. Who asks again
    and again while all is taken keeps a *vigil*, by which shares of machines that fell silent are free again.

    Raises:
        NoInput: if there is no such backfill.
        RunError: if the run could not begin.
    """
    async with await asyncio.to_thread(open_ledger, place) as ledger:
        tried: set[int] = set()
        while True:
            now = await standing(ledger, backfill_id, vigil)
            if now.backfill.planned and await _closed(ledger, now):
                return Turn(rests="finished")
            if (why := now.rests(datetime.now(UTC))) is not None:
                return Turn(rests=why)
            share = next((one for one in now.free if one.number not in tried), None)
            if share is None:
                return Turn(rests="taken")
            tried.add(share.number)
            turn = _Turn(ledger, place, now.backfill, share, reporter, stop, flow_run_id)
            try:
                record = await turn.take(run_shard, passwords)
            except OutputInUse:
                if await ledger.holder(output_lease(now.backfill.dataset_id)) is not None:
                    raise
                continue
            await _closed(ledger, await standing(ledger, backfill_id))
            return Turn(share, record)


async def _closed(ledger: Ledger, now: Standing) -> bool:
    """Close a backfill of which nothing is open; give whether it was."""
    if now.open or now.backfill.finished_at is not None:
        return False
    run_id = max((share.run_id for share in now.shares if share.run_id), default="none")
    await closing(ledger, now.backfill, run_id)
    return True


@dataclass
class _Turn:
    """One run at one share."""

    ledger: Ledger
    place: str
    backfill: Backfill
    share: Share
    reporter: Reporter
    stop: asyncio.Event
    flow_run_id: str | None
    _halt: asyncio.Event = field(default_factory=asyncio.Event)
    _vigil: Vigil = field(default_factory=Vigil)
    _is_ours: bool = False

    async def take(self, run_shard: RunsShards, passwords: tuple[SecretStr, ...]) -> RunRecord:
        """Read the share; note what came of it."""
        config = settings(self.backfill, self.place).model_copy(update={"passwords": passwords})
        order = resolve(config)
        files = await self.ledger.files_of(self.share)
        portion = Portion(
            lease=self.share.lease,
            files=files,
            refill=partial(self.ledger.allow, self.share),
            taken=partial(self._taken, order=order),
            earlier=(self.share.run_id,) if self.share.run_id else (),
        )
        counting = Counting(self.reporter, order.models)
        try:
            async with self._watched(counting):
                record = await run_portion(
                    config,
                    portion,
                    reporter=counting,
                    stop=self._halt,
                    run_shard=run_shard,
                    flow_run_id=self.flow_run_id,
                )
        except RunError as error:
            await self._not_begun(error)
            raise
        done = record.status in ENDED or record.error_kind == NoInput.kind
        spent, cost_known = await self._paid([record.run_id], order)
        ended = None if done else record.error_kind or record.status
        await self._tell(counting)
        await self.ledger.put_down(self.share, spent, cost_known=cost_known, ended=ended, done=done)
        return record

    async def _not_begun(self, error: RunError) -> None:
        """Note on a share that was taken why its run did not begin, so that nobody sends the next after it."""
        if self._is_ours and not isinstance(error, OutputInUse | LedgerFault):
            await self.ledger.put_down(self.share, NOTHING, cost_known=0.0, ended=error.kind, done=False)

    async def _taken(self, run_id: str, order: Order) -> None:
        """Note that the share is ours, and settle what a run that died with it had spent."""
        before = next(
            one for one in await self.ledger.shares(self.share.backfill_id) if one.number == self.share.number
        )
        if before.state == "done" or (await found(self.ledger, self.share.backfill_id)).finished_at is not None:
            msg = f"share {self.share.number} was done meanwhile"
            raise _TakenMeanwhile(msg)
        died = before.run_id if before.ended is None else None
        spent, cost_known = await self._paid([died] if died else [], order)
        await self.ledger.take_up(self.share, run_id, self.flow_run_id, spent, cost_known=cost_known)
        self._is_ours = True

    async def _paid(self, run_ids: Sequence[str], order: Order) -> tuple[Spending, float]:
        """Say what runs took of the budget, at worst, and what they surely cost."""
        calls = await self.ledger.calls_of_runs(run_ids)
        return spending(calls, order), tally(priced(calls, order.models)).cost_known

    @asynccontextmanager
    async def _watched(self, counting: Counting) -> AsyncIterator[None]:
        """Tell how far it is, and stop when we are asked to, or the whole is paused, over time or given up."""
        watchers = [asyncio.ensure_future(work) for work in (self._heed(), self._look(counting))]
        try:
            yield
        finally:
            for watcher in watchers:
                watcher.cancel()
            await asyncio.gather(*watchers, return_exceptions=True)

    async def _heed(self) -> None:
        await self.stop.wait()
        self._halt.set()

    async def _look(self, counting: Counting) -> None:
        told = (0, 0)
        with suppress(LedgerFault):  # the run meets the same fault where it writes
            while True:
                await asyncio.sleep(LOOK)
                now = await self.ledger.backfill(self.backfill.backfill_id)
                await self._vigil.look(self.ledger, output_lease(self.backfill.dataset_id))
                if now is None or now.paused or now.finished_at or now.is_over_at(datetime.now(UTC)):
                    self._halt.set()
                if told != (counting.done, counting.calls):
                    told = (counting.done, counting.calls)
                    await self._tell(counting)

    async def _tell(self, counting: Counting) -> None:
        figures = {"done": counting.done, "failed": counting.failed}
        await self.ledger.tell(self.share, **figures, cost_known=counting.cost_known)
