"""A run, from sources to tables: what the command, the flow and a notebook call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Protocol

from schemas.config import RunConfig
from schemas.errors import Interrupted, RunError
from schemas.page_ranges import select_pages
from schemas.records import PageRecord, RunRecord
from schemas.work import Shard
from tasks.again import ask_anew, chosen, write_anew
from tasks.assembly import Prepares, open_shop
from tasks.closing import close_run
from tasks.order import Order, resolve
from tasks.plan import Rewrites, ShardCutter, open_pages, open_requests
from tasks.portion import Portion
from tasks.ports import Reporter
from tasks.shard import PriorRows, ShardReport, process_shard
from tasks.shop import Shop
from tasks.window import Place

Work = Callable[[], Awaitable[ShardReport]]

FIRST_SHARD = 16
"""Pages of the first part: as many as a machine draws in a second or two."""


class RunsShards(Protocol):
    """How a shard is run: as it is, or as a task run of Prefect."""

    async def __call__(self, shard: Shard, work: Work) -> ShardReport:
        """Run *work*, which reads and commits *shard*."""
        ...


async def directly(shard: Shard, work: Work) -> ShardReport:  # noqa: ARG001 - the Prefect step names the shard
    """Run a shard as it is."""
    return await work()


async def run(
    config: RunConfig,
    *,
    reporter: Reporter,
    stop: asyncio.Event,
    run_shard: RunsShards = directly,
    flow_run_id: str | None = None,
) -> RunRecord:
    """Read what is not read yet. How the run ended stands in the record that it returns.

    *stop* asks it to end early: what is in flight is finished and kept, and the next run goes on from there.

    Raises:
        RunError: if it could not begin (usage, credentials, another run on this output, the ledger).
    """
    return await _run(resolve(config), reporter=reporter, stop=stop, run_shard=run_shard, flow_run_id=flow_run_id)


async def run_portion(
    config: RunConfig,
    portion: Portion,
    *,
    reporter: Reporter,
    stop: asyncio.Event,
    run_shard: RunsShards = directly,
    flow_run_id: str | None = None,
) -> RunRecord:
    """Read a portion of an output's work while other runs read theirs.

    Raises:
        RunError: if it could not begin, also because another run took the portion a moment ago.
    """
    order = replace(resolve(config), portion=portion)
    return await _run(order, reporter=reporter, stop=stop, run_shard=run_shard, flow_run_id=flow_run_id)


async def retry(
    config: RunConfig,
    statuses: Sequence[str],
    *,
    reporter: Reporter,
    stop: asyncio.Event,
    run_shard: RunsShards = directly,
) -> RunRecord:
    """Ask the pages of these statuses again, and nothing else of what has its rows; new files are read as well.

    Raises:
        UsageFault: if there is no such status.
        RunError: if it could not begin.
    """
    order, wanted = resolve(config), chosen(statuses)
    prepare = partial(ask_anew, order=order, statuses=wanted)
    return await _run(order, reporter=reporter, stop=stop, run_shard=run_shard, prepare=prepare)


async def replay(config: RunConfig, *, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
    """Judge kept answers again and write every part anew, without a call for what was answered, nor to better it.

    Raises:
        RunError: if it could not begin.
    """
    order = replace(resolve(config), asks_on=False)
    prepare = partial(write_anew, order=order)
    return await _run(order, reporter=reporter, stop=stop, run_shard=directly, prepare=prepare)


async def _run(
    order: Order,
    *,
    reporter: Reporter,
    stop: asyncio.Event,
    run_shard: RunsShards,
    prepare: Prepares | None = None,
    flow_run_id: str | None = None,
) -> RunRecord:
    async with open_shop(order, reporter=reporter, stop=stop, prepare=prepare) as shop:
        if flow_run_id is not None:
            await shop.ledger.note_flow_run(shop.run_id, flow_run_id)
        reporter.started(shop.run_id, order.recipe, order.config)
        feed = Feed(shop, run_shard)
        await feed.run()
        return await close_run(shop, feed.fault, kept=feed.kept, flow_run_id=flow_run_id)


@dataclass
class Feed:
    """Feeds shards to the window of those that are open, and remembers the first fault that stopped it."""

    shop: Shop
    run_shard: RunsShards
    fault: RunError | None = None
    kept: int = 0
    _open: set[asyncio.Task[ShardReport]] = field(default_factory=set)

    async def run(self) -> None:
        """Run every shard that there is to run, or as many as can be.

        Cancelled, it ends what is in flight at once and waits until that is over.
        """
        try:
            await self._feed()
            await self._drain()
        except RunError as error:
            self._halt(error)
            await self._drain()
        finally:
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)
        if (failures := self.shop.tolerance.fault) is not None:
            self._halt(failures)
        if self.fault is None and self.shop.stop.is_set():
            self.fault = Interrupted("the run was asked to stop", advice="run the same command again to go on")

    async def _feed(self) -> None:
        window = self.shop.new_window()
        async with aclosing(self._shards()) as shards:
            async for shard in shards:
                if self.shop.stop.is_set():
                    return
                await window.room()
                self._settle()
                self._open.add(asyncio.ensure_future(self._shard(shard, window.enter(shard.page_count))))

    async def _shard(self, shard: Shard, place: Place) -> ShardReport:
        try:
            return await self.run_shard(shard, partial(self._work, shard, place))
        finally:
            place.leave()

    async def _work(self, shard: Shard, place: Place) -> ShardReport:
        shop = self.shop
        prior: PriorRows = await shop.prior_rows(shard) if shard.existing_id else {}

        def on_rows(rows: tuple[PageRecord, ...]) -> None:
            place.read(len(rows))
            shop.desk.on_rows(rows)

        return await process_shard(shard, replace(shop.desk, on_rows=on_rows), shop.to, prior)

    async def _drain(self) -> None:
        while self._open:
            await asyncio.wait(self._open)
            self._settle()

    def _settle(self) -> None:
        """Take in what came of the shards that are over."""
        over = {task for task in self._open if task.done()}
        self._open -= over
        for task in over:
            try:
                report = task.result()
            except RunError as error:
                self._halt(error)
                continue
            self.kept += report.kept
            if report.fault is not None:
                self._halt(report.fault)

    def _halt(self, fault: RunError) -> None:
        """Let nothing new begin. A fault of the run comes before the interruptions that it causes itself."""
        if self.fault is None or (isinstance(self.fault, Interrupted) and not isinstance(fault, Interrupted)):
            self.fault = fault
        self.shop.stop.set()

    async def _shards(self) -> AsyncGenerator[Shard, None]:
        shop, config = self.shop, self.shop.order.config
        cutter, rewrites = ShardCutter(config.shard_pages, first=FIRST_SHARD), Rewrites(shop.stale)
        async with aclosing(shop.documents()) as documents:
            async for document in documents:
                selected = select_pages(document.page_count, config.page_ranges)
                todo = len(open_pages(document, shop.placed, config.page_ranges))
                shop.expect(document, selected, todo=todo, rewrite=rewrites.wants(document))
                for shard_id, parts in rewrites.offer(document):
                    yield await shop.rewrite(shard_id, parts)
                for item in open_requests(document, shop.order.recipe, shop.placed, config.page_ranges):
                    if (shard := cutter.add(item)) is not None:
                        yield shard
        for shard_id, parts in rewrites.rest():
            yield await shop.rewrite(shard_id, parts)
        if (shard := cutter.flush()) is not None:
            yield shard
