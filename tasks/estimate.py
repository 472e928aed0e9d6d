"""What a run would take: pages and image tokens exactly, output, money and time as ranges. No call is made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

from schemas.config import RunConfig
from schemas.documents import Document, RejectedDocument, SourceFile
from schemas.errors import DocumentError
from schemas.estimate import Estimate
from schemas.page_ranges import select_pages
from schemas.requests import request_key
from schemas.tokens import prompt_tokens
from schemas.usage import Usage
from tasks.backends import LOCAL
from tasks.books import is_there, ledger_place
from tasks.dataset import find_dataset
from tasks.discover import discover
from tasks.filming import OneKind, gathered, identify_film
from tasks.identify import identify
from tasks.intake import Found, Knows, intake
from tasks.ledger import Ledger, OutputLengths, open_ledger
from tasks.measure import measure
from tasks.order import Order, resolve
from tasks.plan import Placed, spans
from tasks.ports import KnownDocument, Reporter, Workers
from tasks.remote import Reach, open_reach
from tasks.settle import settled
from tasks.workers import WorkerPool

PRIOR = OutputLengths(answers=0, p10=150, median=600, p90=1_800, longest=0)
"""Output tokens of a page before any was seen: a nearly empty page, a page of prose, a dense page with tables."""
THOUGHT = OutputLengths(answers=0, p10=200, median=1_000, p90=4_000, longest=0)
"""Output tokens of reasoning before an answer, assumed as well until answers were seen; a budget bounds them."""
ENOUGH = 20
"""Answers seen before what was seen is believed over the prior."""


class NothingKnown:
    """Stands for the memory of a ledger that is not there."""

    async def known_files(self, files: Sequence[SourceFile]) -> Mapping[str, KnownDocument]:  # noqa: ARG002 - `Knows`
        """Nothing is known."""
        return {}

    async def remember_files(self, files: Sequence[tuple[SourceFile, KnownDocument]]) -> None:
        """Nothing is remembered: an estimate changes nothing."""


@dataclass
class _Walk:
    """What the walk over the input adds up. The three sums of money are None as soon as a price is not known."""

    files: int = 0
    pages: int = 0
    kept: int = 0
    rejected: int = 0
    image_tokens: int = 0
    input_tokens: int = 0
    cost: list[float | None] = field(default_factory=lambda: [0.0, 0.0, 0.0])
    asked: set[str] = field(default_factory=set)

    @property
    def open(self) -> int:
        """Requests that would be sent: the same bytes twice are asked once."""
        return len(self.asked)


async def estimate(config: RunConfig, *, reporter: Reporter) -> Estimate:
    """Walk the input and say what a run over it would take.

    Raises:
        RunError: if the settings name what does not exist, or the ledger cannot be read.
    """
    order = resolve(config)
    async with AsyncExitStack() as stack:
        ledger = await _ledger(config, stack)
        pool = stack.enter_context(WorkerPool(order.render_workers, config.render_memory_mb))
        reach = await stack.enter_async_context(open_reach(config, pool))
        lengths = await _lengths(ledger, order)
        walk = _Walk()
        async for document, todo in _documents(order, ledger, reach, walk, reporter):
            for image_tokens in await _image_tokens(order, document, todo, reach.workers):
                _add(walk, order, image_tokens, lengths)
    return _result(walk, order, lengths)


async def _ledger(config: RunConfig, stack: AsyncExitStack) -> Ledger | None:
    place = ledger_place(config.out, config.ledger)
    if not is_there(place):
        return None
    return await stack.enter_async_context(await asyncio.to_thread(open_ledger, place))


async def _lengths(ledger: Ledger | None, order: Order) -> OutputLengths:
    seen = await ledger.output_quantiles(order.recipe.model, order.recipe.operation) if ledger else OutputLengths()
    if seen.answers >= ENOUGH:
        return seen
    most = order.max_thinking_tokens
    return OutputLengths(
        p10=PRIOR.p10 + min(THOUGHT.p10, most),
        median=PRIOR.median + min(THOUGHT.median, most),
        p90=PRIOR.p90 + min(THOUGHT.p90, most),
    )


async def _documents(
    order: Order, ledger: Ledger | None, reach: Reach, walk: _Walk, reporter: Reporter
) -> AsyncIterator[tuple[Document, list[tuple[int, ...]]]]:
    """Give each document with its pages that would be asked, request by request."""
    config = order.config
    placed = await _placed(order, ledger)
    passwords = [password.get_secret_value() for password in config.passwords]
    look = partial(identify, passwords=passwords, workers=reach.workers, seconds=config.render_timeout)
    if order.reads_films:
        look = partial(identify_film, workers=reach.workers, seconds=config.render_timeout)
    knows: Knows = OneKind(ledger or NothingKnown(), order.reads_films)
    found: Found
    everything = discover(config.sources, exclude=order.own_folders, elsewhere=reach.find)
    files = settled(gathered(everything, films=order.reads_films), config.settle_seconds)
    async for found in intake(files, knows=knows, identify=look, ahead=2 * order.render_workers):
        if isinstance(found, RejectedDocument):
            walk.rejected += 1
            reporter.rejected(found)
            continue
        selected = select_pages(found.page_count, config.page_ranges)
        todo = await _todo(order, ledger, placed, found, selected, walk)
        walk.files += 1
        walk.pages += len(selected)
        walk.kept += len(selected) - sum(map(len, todo))
        reporter.found(files=walk.files, pages=walk.pages, kept=walk.kept)
        yield found, todo


async def _placed(order: Order, ledger: Ledger | None) -> Placed:
    dataset = await asyncio.to_thread(find_dataset, order.config.out)
    if ledger is None or dataset is None:
        return Placed()
    placements = await ledger.placements(dataset.dataset_id, order.recipe.recipe_id)
    return Placed(placements, span_pages=order.recipe.span_pages)


async def _todo(
    order: Order, ledger: Ledger | None, placed: Placed, document: Document, selected: Sequence[int], walk: _Walk
) -> list[tuple[int, ...]]:
    done = placed.pages(document.file.source, document.doc_id)
    left = [page_no for page_no in selected if page_no not in done]
    keys = {
        request_key(order.recipe.recipe_id, document.doc_id, span): span
        for span in spans(left, order.recipe.span_pages)
    }
    kept = await ledger.kept_keys(list(keys)) if ledger and keys else set()
    fresh = keys.keys() - kept - walk.asked
    walk.asked |= fresh
    return [span for key, span in keys.items() if key in fresh]


async def _image_tokens(order: Order, document: Document, todo: list[tuple[int, ...]], workers: Workers) -> list[int]:
    """Count the image tokens of each request; one with a page that cannot be drawn is not sent."""
    spec, config = order.recipe.render, order.config
    if spec is None or not todo:
        return [0] * len(todo)
    try:
        page_nos = [page_no for span in todo for page_no in span]
        found = await measure(document, page_nos, spec, workers=workers, seconds=config.render_timeout)
    except DocumentError:
        return []
    known = {page_no: tokens for page_no, tokens in zip(page_nos, found, strict=True) if tokens is not None}
    return [sum(known[page_no] for page_no in span) for span in todo if known.keys() >= set(span)]


def _add(walk: _Walk, order: Order, image_tokens: int, lengths: OutputLengths) -> None:
    text_tokens = 0 if order.recipe.backend == LOCAL else prompt_tokens(order.recipe.turns)
    walk.image_tokens += image_tokens
    walk.input_tokens += image_tokens + text_tokens
    for index, output in enumerate(_outputs(order, lengths)):
        usage = Usage(input_tokens=image_tokens + text_tokens, output_tokens=output)
        price = order.spec.price.cost(usage) if order.spec.price else None
        before = walk.cost[index]
        walk.cost[index] = None if before is None or price is None else before + price


def _outputs(order: Order, lengths: OutputLengths) -> tuple[int, int, int]:
    if order.recipe.backend == LOCAL:
        return 0, 0, 0
    return lengths.p10, lengths.median, lengths.p90


def _result(walk: _Walk, order: Order, lengths: OutputLengths) -> Estimate:
    low, likely, high = (walk.open * tokens for tokens in _outputs(order, lengths))
    price = order.spec.price
    assumed = f"{lengths.p10:,}, {lengths.median:,} and {lengths.p90:,}"
    seen = f"{lengths.answers:,} answers of {order.recipe.model} in the ledger (10th, 50th, 90th percentile)"
    return Estimate(
        files=walk.files,
        pages=walk.pages,
        pages_kept=walk.kept,
        rejected=walk.rejected,
        image_tokens=walk.image_tokens,
        input_tokens=walk.input_tokens,
        output_tokens_low=low,
        output_tokens_likely=likely,
        output_tokens_high=high,
        cost_low=walk.cost[0],
        cost_likely=walk.cost[1],
        cost_high=walk.cost[2],
        currency=order.currency,
        price_date=order.price_date,
        price_source=price.source if price else None,
        minutes_at_limits=_minutes(walk, order, likely),
        basis=seen if lengths.answers else f"no answers seen yet: {assumed} output tokens a page are assumed",
    )


def _minutes(walk: _Walk, order: Order, output_tokens: int) -> float | None:
    """Say how long the tighter of the two rate limits makes it take; None where neither is known."""
    limits = order.limits
    ways = [
        walk.open / limits.requests_per_minute if limits.requests_per_minute else None,
        (walk.input_tokens + output_tokens) / limits.tokens_per_minute if limits.tokens_per_minute else None,
    ]
    return max((way for way in ways if way is not None), default=None)
