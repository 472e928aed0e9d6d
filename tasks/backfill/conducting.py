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
from tasks.ledger import Ledger, Vigil

LOOK = 2.0
"""Seconds between two looks whether the conductor is there."""


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
