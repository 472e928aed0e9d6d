"""The ledger: every answer that was paid for, every send, and who is at work. A real database, SQLite or PostgreSQL.

Nothing here is waited for on the event loop: one thread writes, sharing each fsync among all who wait; two read.
"""

from __future__ import annotations

import os
from typing import Self

from tasks.ledger.answers import AnswerStore
from tasks.ledger.backfills import BLOCK, BackfillBook
from tasks.ledger.engine import open_engine
from tasks.ledger.files import FileMemory
from tasks.ledger.journal import JournalReader, OutputLengths, Spent
from tasks.ledger.leases import Holder, Lease, LeaseBook, Patience
from tasks.ledger.lost import Undertaker
from tasks.ledger.places import PlaceBook
from tasks.ledger.quota import AccountLimits, LedgerQuota, LimitBook
from tasks.ledger.runs import KeptRun, RunBook
from tasks.ledger.vigil import Vigil

__all__ = [
    "BLOCK",
    "AccountLimits",
    "Holder",
    "KeptRun",
    "Lease",
    "Ledger",
    "LedgerQuota",
    "OutputLengths",
    "Patience",
    "Spent",
    "Vigil",
    "open_ledger",
]


class Ledger(
    AnswerStore, JournalReader, FileMemory, PlaceBook, RunBook, LeaseBook, Undertaker, LimitBook, BackfillBook
):
    """An open ledger. Every write is durable when it returns.

    Raises:
        LedgerFault: from any method, if the database fails; says what mends it. Writing is over after that.
    """

    async def __aenter__(self) -> Self:
        """Give the ledger."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close it."""
        await self.close()


def open_ledger(where: str | os.PathLike[str]) -> Ledger:
    """Open the ledger: the path of an SQLite file, which is made if need be, or `postgresql://…`.

    Touches the disk or the network, so belongs before the event loop's work begins, or into a thread.

    Raises:
        LedgerFault: if it cannot be opened; says what mends it.
    """
    return Ledger(*open_engine(where))
