"""Who may change an output: one run all of it, or several a portion each, and its common tables for moments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tasks.ledger import Lease, Ledger, Patience

_FOR_MOMENTS = Patience(look=0.05)


def output_lease(dataset_id: str, portion: str | None = None) -> str:
    """Name the lease of an output, or of a portion of it: by its id, the same on every machine that mounts it."""
    return f"output {dataset_id}" + (f"/{portion}" if portion else "")


@asynccontextmanager
async def hold_tables(ledger: Ledger, dataset_id: str, run_id: str) -> AsyncIterator[Lease]:
    """Hold what runs at work side by side all write to: lists of files, and parts that dead runs have left."""
    name = f"tables of {dataset_id}"
    async with ledger.hold(name, run_id, "writing tables", patience=_FOR_MOMENTS, waits=True) as lease:
        yield lease
