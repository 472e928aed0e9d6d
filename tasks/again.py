"""Asking again on purpose, and writing parts anew: what `retry` and `replay` note in the ledger before their run."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from typing import cast, get_args

from schemas.errors import UsageFault
from schemas.records import PageRecord, PageStatus
from schemas.requests import Recipe, request_key
from tasks.apart import parts_of
from tasks.ledger import Ledger
from tasks.order import Order
from tasks.plan import spans
from tasks.ports import Placement
from tasks.sinks import open_sink, read_each


def chosen(statuses: Sequence[str]) -> frozenset[PageStatus]:
    """Make sure that these are page statuses.

    Raises:
        UsageFault: if one is not.
    """
    known: tuple[PageStatus, ...] = get_args(PageStatus)
    for status in statuses:
        if status not in known:
            msg = f"there is no page status {status!r}"
            raise UsageFault(msg, advice=f"choose among: {', '.join(known)}")
    return frozenset(cast("Sequence[PageStatus]", statuses))


async def ask_anew(ledger: Ledger, dataset_id: str, *, order: Order, statuses: frozenset[PageStatus]) -> None:
    """Raise the generation of every page of these statuses, and mark the parts that hold them."""
    recipe_id = order.recipe.recipe_id
    placements = await ledger.placements(dataset_id, recipe_id)
    sink = open_sink(order.config.out)
    by_shard: defaultdict[str, list[Placement]] = defaultdict(list)
    for placement in placements:
        by_shard[placement.shard_id].append(placement)
    found: dict[str, set[str]] = {}
    every = read_each(sink, "pages", list(by_shard))
    for shard_id, placed in by_shard.items():
        rows = await asyncio.to_thread(next, every)
        page_rows = [row for row in rows if isinstance(row, PageRecord)]
        if any(row.status in statuses for row in page_rows):
            found[shard_id] = _base_keys(placed, page_rows, order.recipe, statuses)
    # First the marks: a part that is written anew without need costs nothing, a page asked anew that no part
    # waits for would stay unread.
    await ledger.mark_stale(dataset_id, recipe_id, list(found))
    base_keys = set().union(*found.values())
    await ledger.bump(sorted(base_keys))


def _base_keys(
    placed: Sequence[Placement], rows: Sequence[PageRecord], recipe: Recipe, statuses: frozenset[PageStatus]
) -> set[str]:
    """Name the requests that brought rows of these statuses, and the parts of requests that were taken apart."""
    by_page = {(row.source, row.doc_id, row.page_no): row for row in rows}
    found: set[str] = set()
    for placement in placed:
        for span in spans(placement.page_nos, recipe.span_pages):
            pages = ((placement.source, placement.doc_id, page_no) for page_no in span)
            parts = parts_of([by_page[page] for page in pages if page in by_page])
            wanted = [rows for rows in parts if any(row.status in statuses for row in rows)]
            asked = [span] if wanted else []
            asked += [tuple(row.page_no for row in rows) for rows in wanted if len(parts) > 1]
            found.update(request_key(recipe.recipe_id, placement.doc_id, page_nos) for page_nos in asked)
    return found


async def write_anew(ledger: Ledger, dataset_id: str, *, order: Order) -> None:
    """Mark every part."""
    recipe_id = order.recipe.recipe_id
    placements = await ledger.placements(dataset_id, recipe_id)
    shards = list(dict.fromkeys(placement.shard_id for placement in placements))
    await ledger.mark_stale(dataset_id, recipe_id, shards)
