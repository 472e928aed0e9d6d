"""Leases: one run at a time works on an output, and what a dead one held is taken over.

A holder on this machine is asked after by its process number. One on another machine is watched: its counter of
beats moves while it lives. Only this machine's monotonic clock measures that; wall clocks are never compared.

A slash divides what can be shared: the lease of `a/b` and that of `a` exclude each other, `a/b` and `a/c` do not.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, delete, false, insert, or_, select, text, update

from schemas.errors import LedgerFault, OutputInUse
from tasks.ledger.owner import Owner, this_process
from tasks.ledger.store import Store
from tasks.ledger.tables import leases

_given_up: set[str] = set()
"""Tokens of runs of this process that are over, whose end could not be written: the process lives, they do not."""
_TAKING = 0x9A6E_1EA5  # any number that nobody else locks
_OWNER = ("host", "machine", "boot", "namespace", "pid", "pid_started")


@dataclass(frozen=True, slots=True)
class Patience:
    """How leases are kept and watched; all in seconds, by this machine's monotonic clock.

    A holder beats every *beat*; one on another machine counts as dead when it has been silent for *silence*.
    """

    beat: float = 4.0
    silence: float = 24.0
    look: float = 1.0
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lease: a run, its process, and since when."""

    run_id: str
    description: str
    owner: Owner
    since: datetime
    token: str
    beat: int

    def __str__(self) -> str:
        """Name the holder to a human."""
        since = f"since {self.since:%Y-%m-%d %H:%M:%S} UTC"
        return f"run {self.run_id} (process {self.owner.pid} on {self.owner.host}, {since}: {self.description})"


@dataclass(eq=False)
class Lease:
    """The right to work on what *name* names. `lost` is set when another run took it over."""

    name: str
    run_id: str
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    def check(self) -> None:
        """Make sure that the lease is still ours.

        Raises:
            OutputInUse: if another run took it over, because this process seemed dead.
        """
        if self.lost.is_set():
            message = f"Another run took over {self.name}: this process had not been heard of for too long."
            raise OutputInUse(message, advice="Run the same command again when the other run is over.")


class LeaseBook(Store):
    """Gives leases to one run at a time."""

    @asynccontextmanager
    async def hold(
        self, name: str, run_id: str, description: str, *, patience: Patience | None = None, waits: bool = False
    ) -> AsyncIterator[Lease]:
        """Hold the lease of *name* for as long as the context lasts; one that *waits* does until it is free.

        Raises:
            OutputInUse: if a live run holds it, or what it is part of, or a part of it; says which.
        """
        patience = patience or Patience()
        lease = Lease(name, run_id)
        await self._acquire(lease, description, patience, waits=waits)
        stop = threading.Event()
        beating = threading.Thread(
            target=self._beat,
            args=(lease, asyncio.get_running_loop(), stop, patience.beat),
            name="ledger-lease",
            daemon=True,
        )
        beating.start()
        try:
            yield lease
        finally:
            stop.set()
            await asyncio.shield(self._release(lease, beating))

    async def holder(self, name: str) -> Holder | None:
        """Say who holds *name*, unless it is known to be dead."""
        return (await self.holders(name)).get(name)

    async def holders(self, name: str) -> Mapping[str, Holder]:
        """Say who holds *name* or parts of it, by the name of each lease, but those that are known to be dead."""
        found = await self.read(partial(_holders, name=name))
        return {lease: holder for lease, holder in found.items() if not _is_dead(holder, this_process())}

    async def _acquire(self, lease: Lease, description: str, patience: Patience, *, waits: bool) -> None:
        here = this_process()
        seen: Holder | None = None
        since = patience.monotonic()
        while True:
            asked = patience.monotonic()
            silent = seen if asked - since >= patience.silence else None
            found = await self.write(partial(_take, lease=lease, description=description, here=here, silent=silent))
            if found is None:
                return
            is_new = seen is None or (seen.token, seen.beat) != (found.token, found.beat)
            if not waits and (found.owner.is_alive(here) or (seen is not None and is_new)):
                message = f"{lease.name} is in use by {found}."
                raise OutputInUse(message, advice="Wait for that run to end, or end it, or set another --out.")
            if is_new or patience.monotonic() - asked > patience.silence / 2:
                # Where the ledger was away for us it was away for the holder as well, who could not beat.
                seen, since = found, patience.monotonic()
            await patience.sleep(patience.look)

    async def _release(self, lease: Lease, beating: threading.Thread) -> None:
        await asyncio.to_thread(beating.join)
        try:
            await self.write(partial(_release, name=lease.name, token=lease.token))
        except LedgerFault:  # whatever stopped the ledger was told before
            _given_up.add(lease.token)

    def _beat(self, lease: Lease, loop: asyncio.AbstractEventLoop, stop: threading.Event, every: float) -> None:
        while not stop.wait(every):
            try:
                is_ours = self.write_from_thread(partial(_renew, name=lease.name, token=lease.token))
            except LedgerFault:
                return  # the run meets the same fault at its next write
            if not is_ours:
                with suppress(RuntimeError):  # the loop is closed: the run is over
                    loop.call_soon_threadsafe(lease.lost.set)
                return


def _take(connection: Connection, lease: Lease, description: str, here: Owner, silent: Holder | None) -> Holder | None:
    """Take the lease if it is free or its holder is dead; else give the holder."""
    now = datetime.now(UTC)
    row = {
        "name": lease.name,
        "token": lease.token,
        "run_id": lease.run_id,
        "description": description,
        "beat": 0,
        "taken_at": now,
        "renewed_at": now,
        **{name: getattr(here, name) for name in _OWNER},
    }
    if connection.dialect.name == "postgresql":
        # Two who take a whole and a part of it write different rows, and would not see each other.
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _TAKING})
    for name, found in _in_the_way(connection, lease.name).items():
        if found.token == lease.token:
            return None
        is_silent = silent is not None and (silent.token, silent.beat) == (found.token, found.beat)
        if not (_is_dead(found, here) or is_silent):
            return found
        connection.execute(delete(leases).where(leases.c.name == name))
    connection.execute(insert(leases), row)
    return None


def _in_the_way(connection: Connection, name: str) -> dict[str, Holder]:
    """Find who holds what cannot be held at once with *name*: itself, what it is part of, and its parts."""
    whole = name.rpartition("/")[0]
    return _holders(connection, name) | (_holders(connection, whole, parts=False) if whole else {})


def _is_dead(holder: Holder, here: Owner) -> bool:
    return holder.token in _given_up or holder.owner.is_alive(here) is False


def _holders(connection: Connection, name: str, *, parts: bool = True) -> dict[str, Holder]:
    these = or_(leases.c.name == name, leases.c.name.startswith(f"{name}/", autoescape=True) if parts else false())
    rows = connection.execute(select(leases).where(these).order_by(leases.c.name).with_for_update())
    return {row.name: holder_of(row) for row in rows}


def holder_of(row: Row[Any]) -> Holder:
    """Read a row of the table of leases."""
    owner = Owner(**{name: getattr(row, name) for name in _OWNER})
    return Holder(row.run_id, row.description, owner, row.taken_at, row.token, row.beat)


def _renew(connection: Connection, name: str, token: str) -> bool:
    ours = (leases.c.name == name, leases.c.token == token)
    renewal = update(leases).where(*ours).values(beat=leases.c.beat + 1, renewed_at=datetime.now(UTC))
    return connection.execute(renewal).rowcount == 1


def _release(connection: Connection, name: str, token: str) -> None:
    connection.execute(delete(leases).where(leases.c.name == name, leases.c.token == token))
