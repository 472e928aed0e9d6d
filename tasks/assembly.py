"""The one place that puts concrete parts together: from an order to an open shop."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from schemas.documents import RenderedPage
from schemas.errors import OutputInUse
from schemas.records import PageRecord
from schemas.requests import FrameSpec, ModelRequest
from schemas.spending import NOTHING, Spending
from tasks.ask import Asker, Patience
from tasks.backends import BackendSettings, create
from tasks.books import open_books, open_waiting, run_name
from tasks.budget import Budget
from tasks.clock import SystemClock
from tasks.dataset import DatasetInfo
from tasks.filing import Filing
from tasks.filming import SLOW, take_frames
from tasks.forecast import OutputForecast
from tasks.gate import ByteGate
from tasks.holding import hold_tables, output_lease
from tasks.ledger import Lease, Ledger
from tasks.order import Order
from tasks.pacing import open_limiter
from tasks.page import ROOM_PER_PAGE, Desk
from tasks.places import place_at
from tasks.plan import Placed
from tasks.ports import KeptAnswer, Reporter, Workers
from tasks.recovery import take_back
from tasks.remote import Reach, open_reach
from tasks.render import render_span
from tasks.resumption import carried_over, learn
from tasks.shop import Shop
from tasks.sinks import open_sink
from tasks.tolerance import Tolerance
from tasks.workers import WorkerPool

Prepares = Callable[[Ledger, str], Awaitable[None]]


@asynccontextmanager
async def open_shop(
    order: Order, *, reporter: Reporter, stop: asyncio.Event, prepare: Prepares | None = None
) -> AsyncIterator[Shop]:
    """Open everything that a run works with; close it however the run ends.

    *prepare* notes in the ledger what is to be asked or written anew, once the output is ours.

    Raises:
        RunError: if something cannot be opened, or another run holds the output.
    """
    config, started_at = order.config, datetime.now(UTC)
    run_id = run_name(started_at)
    async with AsyncExitStack() as stack:
        waiting = stack.enter_context(open_waiting(reporter))
        dataset, ledger = await stack.enter_async_context(open_books(config, waiting))
        lease = await stack.enter_async_context(_held(ledger, dataset, order, run_id))
        await ledger.mark_lost()
        if order.portion is not None:
            await order.portion.taken(run_id)
        place = place_at(config.out, waiting)
        sink = open_sink(place)
        async with hold_tables(ledger, dataset.dataset_id, run_id):
            await take_back(ledger, sink, dataset.dataset_id)
        if prepare is not None:
            await prepare(ledger, dataset.dataset_id)
        forecast = OutputForecast()
        spent = await _spent(ledger, dataset, order, forecast)
        pool = stack.enter_context(WorkerPool(order.render_workers, config.render_memory_mb))
        reach = await stack.enter_async_context(open_reach(config, pool))
        placements = await ledger.placements(dataset.dataset_id, order.recipe.recipe_id)
        placed = Placed(placements, span_pages=order.recipe.span_pages)
        tolerance = Tolerance(config.failure_limit)
        on_rows = partial(_report, reporter=reporter, tolerance=tolerance, stop=stop, reach=reach)
        desk = await stack.enter_async_context(
            _desk(order, run_id, ledger, reach.workers, spent, forecast, reporter=reporter, stop=stop, on_rows=on_rows)
        )
        await ledger.open_run(run_id, dataset.dataset_id, started_at, config.public())
        yield Shop(
            order=order,
            run_id=run_id,
            dataset=dataset,
            place=place,
            ledger=ledger,
            sink=sink,
            reach=reach,
            placed=placed,
            # What is to be written anew may hold files of other portions; a run over the whole does it.
            stale=[placement for placement in placements if placement.stale and order.portion is None],
            desk=desk,
            filing=Filing(sink=sink, placed=placed, recipe=order.recipe, run_id=run_id, now=desk.now),
            lease=lease,
            reporter=reporter,
            stop=stop,
            started_at=started_at,
            tolerance=tolerance,
        )


@asynccontextmanager
async def _held(ledger: Ledger, dataset: DatasetInfo, order: Order, run_id: str) -> AsyncIterator[Lease]:
    config = order.config
    name = output_lease(dataset.dataset_id, order.portion.lease if order.portion else None)
    description = " ".join([Path(sys.argv[0]).name, config.operation, *config.sources])[:200]
    try:
        async with ledger.hold(name, run_id, description) as lease:
            yield lease
    except OutputInUse as error:
        raise OutputInUse(
            str(error).replace(output_lease(dataset.dataset_id), config.out), advice=error.advice
        ) from None


async def _spent(ledger: Ledger, dataset: DatasetInfo, order: Order, forecast: OutputForecast) -> Spending:
    if order.portion is None:
        return await carried_over(ledger, dataset.dataset_id, order, forecast)
    learn(forecast, await ledger.calls_of_runs(order.portion.earlier))
    return NOTHING


@asynccontextmanager
async def _desk(
    order: Order,
    run_id: str,
    ledger: Ledger,
    workers: Workers,
    spent: Spending,
    forecast: OutputForecast,
    *,
    reporter: Reporter,
    stop: asyncio.Event,
    on_rows: Callable[[tuple[PageRecord, ...]], None],
) -> AsyncIterator[Desk]:
    config = order.config
    budget = Budget(
        max_cost=config.max_cost,
        max_tokens=config.max_tokens,
        max_pages=config.max_pages,
        price=order.spec.price,
        spent=spent,
        forecast=forecast,
        refill=order.portion.refill if order.portion else None,
    )
    open_asker = partial(
        _asker,
        budget=budget,
        forecast=forecast,
        ledger=ledger,
        workers=workers,
        reporter=reporter,
        run_id=run_id,
        stop=stop,
    )
    async with AsyncExitStack() as stack:
        orders = [order] if order.fallback is None else [order, order.fallback]
        askers = {one.recipe.model: await stack.enter_async_context(open_asker(one)) for one in orders}
        yield Desk(
            run_id=run_id,
            recipe=order.recipe,
            operation=order.operation,
            reads=askers[order.recipe.model].backend.reads,
            asker=Switchboard(askers),
            render=partial(_render, workers=workers, seconds=config.render_timeout),
            answers=ledger,
            room=ByteGate((order.limits.in_flight + 2 * order.render_workers) * ROOM_PER_PAGE),
            now=SystemClock().now,
            stop=stop,
            fallback=order.fallback.recipe if order.fallback else None,
            go_on=frozenset(one.recipe.model for one in orders if one.goes_on),
            asks_on=order.asks_on,
            generations=ledger.generations,
            on_rows=on_rows,
        )


@asynccontextmanager
async def _asker(
    order: Order,
    *,
    budget: Budget,
    forecast: OutputForecast,
    ledger: Ledger,
    workers: Workers,
    reporter: Reporter,
    run_id: str,
    stop: asyncio.Event,
) -> AsyncIterator[Asker]:
    config, clock = order.config, SystemClock()
    settings = BackendSettings(
        spec=order.spec,
        workers=workers,
        base_url=config.base_url,
        region=config.region,
        in_flight=order.limits.in_flight,
        timeout=config.call_timeout,
        render_timeout=config.render_timeout,
    )
    async with AsyncExitStack() as stack:
        backend = create(order.recipe.backend, settings)
        stack.push_async_callback(backend.aclose)
        limiter = await stack.enter_async_context(open_limiter(order, backend, ledger, clock, forecast))
        yield Asker(
            backend=backend,
            limiter=limiter,
            budget=budget,
            answers=ledger,
            clock=clock,
            reporter=reporter,
            run_id=run_id,
            stop=stop,
            patience=Patience(attempts=config.max_attempts, seconds=config.patience),
            max_output_tokens=order.max_output_tokens,
            max_thinking_tokens=order.max_thinking_tokens,
            price=order.spec.price,
        )


@dataclass(frozen=True, slots=True)
class Switchboard:
    """Puts each question through to the one who asks its model."""

    askers: Mapping[str, Asker]

    async def ask(self, request: ModelRequest, pages: tuple[RenderedPage, ...]) -> KeptAnswer:
        """Ask, and keep the answer."""
        return await self.askers[request.recipe.model].ask(request, pages)


async def _render(request: ModelRequest, *, workers: Workers, seconds: float) -> tuple[RenderedPage, ...]:
    if request.recipe.render is None:
        return ()
    if isinstance(request.recipe.render, FrameSpec):
        document = request.span.document
        return await workers.run(take_frames, document, request.recipe.render, seconds=seconds * SLOW)
    return await render_span(request.span, request.recipe.render, workers=workers, seconds=seconds)


def _report(
    rows: Sequence[PageRecord], *, reporter: Reporter, tolerance: Tolerance, stop: asyncio.Event, reach: Reach
) -> None:
    for row in rows:
        reporter.page(row)
        reach.depot.done(row.source, 1)
    tolerance.count(rows)
    if tolerance.fault is not None:
        stop.set()
