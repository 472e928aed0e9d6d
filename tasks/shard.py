"""A shard: its spans read side by side, its rows committed at once."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from schemas.errors import Interrupted, RunError
from schemas.models import ModelSpec
from schemas.records import CallRecord, PageRecord
from schemas.work import PlannedRequest, Shard
from tasks.account import Tally, priced, tally
from tasks.page import Desk, read_span
from tasks.ports import Placement, Sink

PriorRows = Mapping[tuple[str, int], PageRecord]
"""The rows that stand now, by file and page number."""


class Places(Protocol):
    """The part of the ledger that knows which part holds the rows of which pages."""

    async def begin(self, dataset_id: str, recipe_id: str, shard_id: str, run_id: str) -> None:
        """Say that this shard's part is about to be written: what a part holds counts once `place` says so."""
        ...

    async def place(self, dataset_id: str, recipe_id: str, shard_id: str, placements: Sequence[Placement]) -> None:
        """Say that this shard's part holds these rows; replaces what was said of the shard before."""
        ...


@dataclass(frozen=True, slots=True)
class ShardReport:
    """What came of a shard: the rows that are committed, and the fault that stopped the rest, if one did."""

    shard_id: str
    rows: tuple[PageRecord, ...]
    calls: tuple[CallRecord, ...]
    placements: tuple[Placement, ...]
    kept: int = 0
    fault: RunError | None = None


@dataclass(frozen=True)
class Commitment:
    """Where a shard's rows go. `file` writes the rows of the files that a shard completed."""

    dataset_id: str
    sink: Sink
    places: Places
    models: Mapping[str, ModelSpec]
    file: Callable[[ShardReport], Awaitable[None]]


async def process_shard(shard: Shard, desk: Desk, to: Commitment, prior: PriorRows) -> ShardReport:
    """Read a shard and commit what was read.

    If the run has to stop, what was finished is committed as a smaller shard of its own and the rest is left for
    the next run; a part that is written anew is then left as it was.
    """
    kept = await desk.answers.kept([key for item in shard.items for key in desk.keys(item.request)])
    free = sum(len(item.request.span.page_nos) for item in shard.items if kept.keys() & set(desk.keys(item.request)))
    outcomes = await asyncio.gather(
        *(read_span(item.request, desk, kept=kept, prior=_prior_of(item, prior)) for item in shard.items),
        return_exceptions=True,
    )
    faults = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    for bug in faults:
        if not isinstance(bug, RunError):
            raise bug
    # What stopped the run comes before the interruptions that it caused.
    faults_of_run = (error for error in faults if isinstance(error, RunError))
    fault = min(faults_of_run, key=lambda error: isinstance(error, Interrupted), default=None)
    read = [
        (item, outcome)
        for item, outcome in zip(shard.items, outcomes, strict=True)
        if not isinstance(outcome, BaseException) and outcome
    ]
    if fault is not None and (shard.existing_id or not read):
        return ShardReport(shard.shard_id, (), (), (), free, fault)
    done = shard if fault is None else Shard(tuple(item for item, _ in read))
    report = await commit(done, [row for _, rows in read for row in rows], desk, to, prior)
    return replace(report, kept=free, fault=fault)


def _prior_of(item: PlannedRequest, prior: PriorRows) -> dict[int, PageRecord]:
    pages = item.request.span.page_nos
    return {page_no: prior[item.source, page_no] for page_no in pages if (item.source, page_no) in prior}


async def commit(shard: Shard, rows: list[PageRecord], desk: Desk, to: Commitment, prior: PriorRows) -> ShardReport:
    """Put the accounts into the rows, write the parts, and say in the ledger where they are.

    In this order: whatever dies in between, the ledger never names rows that are not there. It knows which part was
    begun, so that the next run takes back what was written of it and writes its pages again from kept answers.
    """
    recipe_id = desk.recipe.recipe_id
    carried = [item.request.base_key for item in shard.items if item.duplicate_of is None]
    sent = priced(await desk.answers.calls_of(carried), to.models)
    calls = [replace(call, recipe_id=recipe_id) for call in sent]
    accounted = _accounted(shard, rows, calls)
    if shard.existing_id:
        covered = {(row.source, row.page_no) for row in rows}
        accounted += [row for key, row in prior.items() if key not in covered]
        earlier = await asyncio.to_thread(to.sink.read, "calls", shard.shard_id)
        asked = set(carried)
        calls += [call for call in earlier if isinstance(call, CallRecord) and call.base_key not in asked]
    else:
        await to.places.begin(to.dataset_id, recipe_id, shard.shard_id, desk.run_id)
    await asyncio.to_thread(to.sink.write, "pages", shard.shard_id, accounted)
    if calls:
        await asyncio.to_thread(to.sink.write, "calls", shard.shard_id, calls)
    placements = _placements(shard, accounted)
    report = ShardReport(shard.shard_id, tuple(accounted), tuple(calls), placements)
    await to.file(report)
    await to.places.place(to.dataset_id, recipe_id, shard.shard_id, placements)
    return report


def _accounted(shard: Shard, rows: Sequence[PageRecord], calls: Sequence[CallRecord]) -> list[PageRecord]:
    """Give the first row of each request what its sends cost; a duplicate costs nothing."""
    by_request: defaultdict[str, list[CallRecord]] = defaultdict(list)
    for call in calls:
        by_request[call.base_key].append(call)
    owed: dict[tuple[str, int], Tally] = {
        (item.source, item.request.span.page_nos[0]): tally(by_request.get(item.request.base_key, ()))
        for item in shard.items
        if item.duplicate_of is None
    }
    return [_with_account(row, owed.get((row.source, row.page_no), Tally())) for row in rows]


def _with_account(row: PageRecord, account: Tally) -> PageRecord:
    usage = account.usage
    return replace(
        row,
        calls=account.calls,
        retries=account.retries,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        image_tokens=usage.image_tokens,
        cached_tokens=usage.cached_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cost=account.cost,
        cost_known=account.cost_known,
        currency=account.currency,
        price_date=account.price_date,
    )


def _placements(shard: Shard, rows: Sequence[PageRecord]) -> tuple[Placement, ...]:
    """Say where the rows stand, and with which of them the cost of their pages does."""
    copies = {
        (item.source, page_no)
        for item in shard.items
        if item.duplicate_of is not None
        for page_no in item.request.span.page_nos
    }
    pages: defaultdict[tuple[str, str, bool], list[int]] = defaultdict(list)
    for row in rows:
        pages[row.source, row.doc_id, (row.source, row.page_no) not in copies].append(row.page_no)
    return tuple(
        Placement(source, doc_id, tuple(numbers), shard.shard_id, carries=carries)
        for (source, doc_id, carries), numbers in pages.items()
    )
