"""The journal of sends, read: what was asked of a page, what a run spent, how long answers are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from itertools import chain
from typing import TypeVar

from sqlalchemy import Connection, func, select
from sqlalchemy.sql import ColumnElement

from schemas.records import CallOutcome, CallRecord
from schemas.usage import Usage
from tasks.ledger.answers import call_record
from tasks.ledger.store import Store, pieces
from tasks.ledger.tables import calls, runs

T = TypeVar("T")

_HELD = 1_000
"""Sends in memory while all are gone through."""
_USAGE = tuple(field.name for field in fields(Usage))


@dataclass(frozen=True, slots=True)
class OutputLengths:
    """How many output tokens answers had: their number, and quantiles. All 0 where none were seen."""

    answers: int = 0
    p10: int = 0
    median: int = 0
    p90: int = 0
    longest: int = 0


@dataclass(frozen=True, slots=True)
class Spent:
    """What was sent to one model with one outcome, added up. Its cost follows from the single sends, not from this."""

    backend: str
    model: str
    lane: str
    outcome: CallOutcome
    calls: int
    usage: Usage


class JournalReader(Store):
    """Answers questions about sends."""

    async def calls_of(self, base_keys: Sequence[str]) -> Sequence[CallRecord]:
        """List all sends of these requests, every generation, oldest first. `cost` is not filled in."""
        return await self.read(partial(_calls_where_in, column=calls.c.base_key, values=base_keys))

    async def calls_of_runs(self, run_ids: Sequence[str]) -> Sequence[CallRecord]:
        """List all sends of these runs, oldest first. `cost` is not filled in."""
        return await self.read(partial(_calls_where_in, column=calls.c.run_id, values=run_ids))

    async def over_calls_of_runs(self, run_ids: Sequence[str], work: Callable[[Iterator[CallRecord]], T]) -> T:
        """Have *work* go through all sends of these runs, those of one question together; gives what it makes of them.

        It runs in a reader's thread, and anew if the database has to be asked again. Few sends are held at once,
        however many there are.
        """
        return await self.read(partial(_over_calls_of_runs, run_ids=run_ids, work=work))

    async def output_quantiles(self, model: str, operation: str) -> OutputLengths:
        """Say how long this model's answers to this operation were."""
        return await self.read(partial(_output_lengths, model=model, operation=operation))

    async def spent(self, *, run_ids: Sequence[str] = (), dataset_id: str | None = None) -> Sequence[Spent]:
        """Add up the sends of these runs, or of all runs into a dataset."""
        return await self.read(partial(_spent, run_ids=run_ids, dataset_id=dataset_id))


def _calls_where_in(connection: Connection, column: ColumnElement[str], values: Sequence[str]) -> list[CallRecord]:
    queries = (select(calls).where(column.in_(some)) for some in pieces(values))
    rows = chain.from_iterable(connection.execute(query) for query in queries)
    return sorted(map(call_record, rows), key=lambda call: (call.started_at, call.call_id))


def _over_calls_of_runs(connection: Connection, run_ids: Sequence[str], work: Callable[[Iterator[CallRecord]], T]) -> T:
    wanted = select(calls).where(calls.c.run_id.in_(run_ids))
    ordered = wanted.order_by(calls.c.base_key, calls.c.request_key, calls.c.started_at, calls.c.call_id)
    with connection.execution_options(yield_per=_HELD).execute(ordered) as rows:
        return work(map(call_record, rows))


def _output_lengths(connection: Connection, model: str, operation: str) -> OutputLengths:
    tokens = calls.c.output_tokens
    counted = (
        select(tokens, func.count())
        .where(calls.c.model == model, calls.c.operation == operation, calls.c.outcome == "answered")
        .group_by(tokens)
        .order_by(tokens)
    )
    lengths = [(row[0], row[1]) for row in connection.execute(counted)]
    if not lengths:
        return OutputLengths()
    total = sum(count for _, count in lengths)
    low, median, high = (_quantile(lengths, total, share) for share in (0.1, 0.5, 0.9))
    return OutputLengths(total, low, median, high, lengths[-1][0])


def _quantile(lengths: Sequence[tuple[int, int]], total: int, share: float) -> int:
    """Give the smallest length that at least this share of all does not exceed."""
    seen = 0
    for length, count in lengths:
        seen += count
        if seen >= share * total:
            return length
    return lengths[-1][0]


def _spent(connection: Connection, run_ids: Sequence[str], dataset_id: str | None) -> list[Spent]:
    kind = (calls.c.backend, calls.c.model, calls.c.lane, calls.c.outcome)
    sums = (func.sum(calls.c[name]) for name in _USAGE)
    of_these = calls.c.run_id.in_(run_ids)
    if dataset_id is not None:
        of_these = calls.c.run_id.in_(select(runs.c.run_id).where(runs.c.dataset_id == dataset_id))
    query = select(*kind, func.count(), *sums).where(of_these).group_by(*kind).order_by(*kind)
    return [
        Spent(backend, model, lane, outcome, count, Usage(*map(int, tokens)))
        for backend, model, lane, outcome, count, *tokens in connection.execute(query)
    ]
