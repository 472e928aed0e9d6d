"""Watching who is at work on other machines: one whose beats stand still for too long is dead, and holds nothing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection, delete

from tasks.ledger.leases import Holder, LeaseBook, Patience
from tasks.ledger.owner import this_process
from tasks.ledger.tables import leases


@dataclass(frozen=True, slots=True)
class _Sight:
    """A holder's counter of beats, and when it was first seen there."""

    beat: int
    since: float


class Vigil:
    """Watches the holders of leases, look by look, for as long as somebody goes on looking.

    A look that comes late proves nothing: the ledger may have been away, for the holder as well. Then the silence is
    counted anew.
    """

    def __init__(self, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._seen: dict[str, _Sight] = {}
        self._looked = -math.inf

    async def look(self, ledger: LeaseBook, name: str) -> Mapping[str, Holder]:
        """Say who holds *name* or parts of it, by the name of each lease; what the dead held is taken from them."""
        found = await ledger.holders(name)
        now = self._patience.monotonic()
        is_late = now - self._looked > self._patience.silence / 2
        self._looked = now
        here = this_process()
        unsure = {lease: holder for lease, holder in found.items() if holder.owner.is_alive(here) is None}
        self._seen = {holder.token: self._sight(holder, now, is_late=is_late) for holder in unsure.values()}
        silent = {
            lease: holder
            for lease, holder in unsure.items()
            if now - self._seen[holder.token].since >= self._patience.silence
        }
        if silent:
            await ledger.write(partial(_take_away, silent=silent.items()))
        return {lease: holder for lease, holder in found.items() if lease not in silent}

    def _sight(self, holder: Holder, now: float, *, is_late: bool) -> _Sight:
        before = self._seen.get(holder.token)
        if before is None or before.beat != holder.beat or is_late:
            return _Sight(holder.beat, now)
        return before


def _take_away(connection: Connection, silent: Iterable[tuple[str, Holder]]) -> None:
    """Let go what they held, unless they have beaten meanwhile."""
    for name, holder in silent:
        these = (leases.c.name == name, leases.c.token == holder.token, leases.c.beat == holder.beat)
        connection.execute(delete(leases).where(*these))
