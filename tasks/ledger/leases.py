"""Leases: one run at a time works on an output, and what a dead one held is taken over.

A holder on this machine is asked after by its process number. One on another machine is watched: its counter of
beats moves while it lives. Only this machine's monotonic clock measures that; wall clocks are never compared.
"""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from schemas.errors import LedgerFault, OutputInUse
from tasks.ledger.owner import Owner, this_process
from tasks.ledger.store import Store, insert_into, keeping
from tasks.ledger.tables import leases

_given_up: set[str] = set()
"""Tokens of runs of this process that are over, whose end could not be written: the process lives, they do not."""
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
        self, name: str, run_id: str, description: str, *, patience: Patience | None = None
    ) -> AsyncIterator[Lease]:
        """Hold the lease of *name* for as long as the context lasts.

        Raises:
            OutputInUse: if a live run holds it; says which.
        """
        patience = patience or Patience()
        lease = Lease(name, run_id)
        await self._acquire(lease, description, patience)
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
        found = await self.read(partial(_holder, name=name))
        return None if found is None or _is_dead(found, this_process()) else found

    async def _acquire(self, lease: Lease, description: str, patience: Patience) -> None:
        here = this_process()
        seen: Holder | None = None
        since = patience.monotonic()
        while True:
            silent = seen if patience.monotonic() - since >= patience.silence else None
            found = await self.write(partial(_take, lease=lease, description=description, here=here, silent=silent))
            if found is None:
                return
            has_moved = seen is not None and (seen.token, seen.beat) != (found.token, found.beat)
            if has_moved or found.owner.is_alive(here):
                message = f"{lease.name} is in use by {found}."
                raise OutputInUse(message, advice="Wait for that run to end, or end it, or set another --out.")
            seen = found
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
    while (found := _holder(connection, lease.name)) is None:
        # Whoever else does the same at this moment waits for us, and finds the lease taken.
        connection.execute(keeping(insert_into(leases, connection), "name"), row)
    if found.token == lease.token:
        return None
    is_silent = silent is not None and (silent.token, silent.beat) == (found.token, found.beat)
    if _is_dead(found, here) or is_silent:
        connection.execute(update(leases).where(leases.c.name == lease.name).values(**row))
        return None
    return found


def _is_dead(holder: Holder, here: Owner) -> bool:
    return holder.token in _given_up or holder.owner.is_alive(here) is False


def _holder(connection: Connection, name: str) -> Holder | None:
    row = connection.execute(select(leases).where(leases.c.name == name).with_for_update()).one_or_none()
    return None if row is None else holder_of(row)


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
