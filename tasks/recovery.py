"""Taking back what a killed run had begun to write: rows that no ledger names would stand there twice one day."""

from __future__ import annotations

import asyncio

from tasks.ledger import Ledger
from tasks.ports import Sink

WRITTEN_TOGETHER = ("pages", "calls", "files")
"""The tables of which a shard writes a part each, before the ledger is told what they hold."""


async def take_back(ledger: Ledger, sink: Sink, dataset_id: str) -> int:
    """Empty the parts that dead runs began and never finished; count them. Their pages are open, their answers kept.

    The same pages need not come together again: files may have come or gone since, and then they are cut into other
    parts, beside which these would stand for good.
    """
    begun = await ledger.begun(dataset_id)
    for recipe_id, shard_id in begun:
        await asyncio.to_thread(_empty, sink, shard_id)
        await ledger.place(dataset_id, recipe_id, shard_id, ())
    return len(begun)


def _empty(sink: Sink, part: str) -> None:
    for table in WRITTEN_TOGETHER:
        if part in sink.parts(table):
            sink.write(table, part, ())
