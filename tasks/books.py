"""An output and its ledger: where they are, and how both are opened."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from schemas.addresses import scheme_of, shown
from schemas.config import RunConfig
from schemas.errors import UsageFault
from tasks.dataset import DatasetInfo, open_dataset
from tasks.ledger import Ledger, open_ledger
from tasks.places import AN_OUTAGE, Objects, Waiting, place_at
from tasks.ports import Reporter

LEDGER_FILE = "ledger.sqlite3"
LEDGERS = "--ledger /srv/pagemill/ledger.sqlite3 serves one machine, --ledger postgresql://mill@host/ledger several"


def run_name(now: datetime) -> str:
    """Name a run so that names sort by time."""
    return f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"


def ledger_place(out: str, ledger: str | None) -> str:
    """Say where the ledger is: a database in the output folder unless another was named.

    Raises:
        UsageFault: if none was named and the output is no folder; a database cannot lie among objects.
    """
    if ledger is None and scheme_of(out) is not None:
        msg = f"a ledger cannot lie at {shown(out)}: it is a database; name one with --ledger"
        raise UsageFault(msg, advice=LEDGERS)
    return ledger or str(Path(out) / LEDGER_FILE)


def is_there(place: str) -> bool:
    """Say whether a ledger stands there already; of a server's address that is not asked."""
    return "://" in place or Path(place).exists()


@asynccontextmanager
async def open_books(config: RunConfig, waiting: Waiting | None = None) -> AsyncIterator[tuple[DatasetInfo, Ledger]]:
    """Open an output and its ledger.

    Raises:
        OutputFault: if the output cannot be used.
        LedgerFault: if the ledger cannot be opened.
    """
    place, where = place_at(config.out, waiting), ledger_place(config.out, config.ledger)
    if isinstance(place, Objects):
        async with await asyncio.to_thread(open_ledger, where) as ledger:
            yield await _marked(place, ledger), ledger
        return
    dataset = await asyncio.to_thread(open_dataset, place)
    async with await asyncio.to_thread(open_ledger, where) as ledger:
        yield dataset, ledger


async def _marked(place: Objects, ledger: Ledger) -> DatasetInfo:
    """Open an output in a store. It is made once: of runs that begin together, one at a time looks and makes it."""
    name = f"making {hashlib.sha256(str(place).encode()).hexdigest()[:32]}"
    async with ledger.hold(name, run_name(datetime.now(UTC)), f"making {place}", waits=True):
        return await asyncio.to_thread(open_dataset, place)


@contextmanager
def open_waiting(reporter: Reporter) -> Iterator[Waiting]:
    """Let a run wait for the store of its output as long as it is worth, and no longer than the run lasts."""
    loop, given_up = asyncio.get_running_loop(), threading.Event()
    try:
        yield Waiting(AN_OUTAGE, lambda said: _hand_over(loop, reporter, said), given_up)
    finally:
        given_up.set()


def _hand_over(loop: asyncio.AbstractEventLoop, reporter: Reporter, said: str) -> None:
    loop.call_soon_threadsafe(reporter.note, said)
