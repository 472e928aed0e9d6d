"""Conducting a backfill: one process has others work at it, and they stop when it does, however it ends.

It holds a lease that excludes nobody. Who reads for it looks whether that is still held: let go of, or no longer
beaten by a process that died, it says the same on every machine: finish what is in flight, and take no more.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from schemas.errors import LedgerFault
from tasks.ledger import Ledger, Patience

LOOK = 2.0
"""Seconds between two looks whether the conductor is there."""
SILENCE = Patience().silence
"""Seconds without a beat after which one on another machine is gone; should it be there after all, it begins anew."""


@asynccontextmanager
async def conducting(ledger: Ledger, backfill_id: str) -> AsyncIterator[str]:
    """Conduct for as long as the context lasts; gives the name by which others know of it."""
    token = secrets.token_hex(4)
    name = f"conductor {token} of {backfill_id}"
    async with ledger.hold(name, token, "pagemill backfill"):
        yield name


@asynccontextmanager
async def heeding(ledger: Ledger, conductor: str, stop: asyncio.Event) -> AsyncIterator[None]:
    """Set *stop* as soon as the conductor is gone, and before anything begins if it is already."""
    if await ledger.holder(conductor) is None:
        stop.set()
    watcher = asyncio.ensure_future(_heed(ledger, conductor, stop))
    try:
        yield
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)


async def _heed(ledger: Ledger, conductor: str, stop: asyncio.Event) -> None:
    heard: tuple[int, float] | None = None
    with suppress(LedgerFault):  # the run meets the same fault where it writes
        while not stop.is_set():
            holder, now = await ledger.holder(conductor), time.monotonic()
            if holder is None or (heard is not None and holder.beat == heard[0] and now - heard[1] >= SILENCE):
                stop.set()
            elif heard is None or holder.beat != heard[0]:
                heard = (holder.beat, now)
            await asyncio.sleep(LOOK)
