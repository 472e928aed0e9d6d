"""Conducting a backfill: one process has others work at it, and they stop when it does, however it ends.

It holds a lease that excludes nobody. Who reads for it looks whether that is still held: let go of, or no longer
beaten by a process that died, it says the same on every machine: finish what is in flight, and take no more.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from schemas.errors import LedgerFault
from tasks.ledger import Lease, Ledger, Vigil

LOOK = 2.0
"""Seconds between two looks whether the conductor is there."""


@asynccontextmanager
async def conducting(ledger: Ledger, backfill_id: str) -> AsyncIterator[Lease]:
    """Conduct for as long as the context lasts; others know of it by the lease's name."""
    token = secrets.token_hex(4)
    async with ledger.hold(f"conductor {token} of {backfill_id}", token, "pagemill backfill") as lease:
        yield lease


@asynccontextmanager
async def heeding(ledger: Ledger, conductor: str, stop: asyncio.Event) -> AsyncIterator[None]:
    """Set *stop* as soon as the conductor is gone, and before anything begins if it is already."""
    vigil = Vigil()
    if not await vigil.look(ledger, conductor):
        stop.set()
    watcher = asyncio.ensure_future(_heed(ledger, conductor, stop, vigil))
    try:
        yield
    finally:
        watcher.cancel()
        await asyncio.gather(watcher, return_exceptions=True)


async def _heed(ledger: Ledger, conductor: str, stop: asyncio.Event, vigil: Vigil) -> None:
    with suppress(LedgerFault):  # the run meets the same fault where it writes
        while not stop.is_set():
            await asyncio.sleep(LOOK)
            if not await vigil.look(ledger, conductor):
                stop.set()
