"""Sends whose process died before it could say what came of them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, Select, select, update

from schemas.records import CallRecord
from tasks.ledger.answers import call_record
from tasks.ledger.leases import holder_of
from tasks.ledger.owner import Owner, this_process
from tasks.ledger.store import Store
from tasks.ledger.tables import calls, leases


class Undertaker(Store):
    """Closes the accounts of runs that are no more."""

    async def mark_lost(self, run_ids: Sequence[str] | None = None) -> Sequence[CallRecord]:
        """Turn open sends into lost ones where their run is no longer alive, and list them.

        A run lives as long as it holds a lease; one on another machine until its lease was taken over. With
        *run_ids* only these runs are looked at.
        """
        return await self.write(partial(_mark_lost, run_ids=run_ids, here=this_process()))


def _mark_lost(connection: Connection, run_ids: Sequence[str] | None, here: Owner) -> list[CallRecord]:
    gone = [calls.c.outcome == "open", calls.c.run_id.not_in(alive(connection, here))]
    if run_ids is not None:
        gone.append(calls.c.run_id.in_(run_ids))
    rows = connection.execute(update(calls).where(*gone).values(outcome="lost").returning(*calls.c))
    return sorted(map(call_record, rows), key=lambda call: (call.started_at, call.call_id))


def alive(connection: Connection, here: Owner) -> Select[tuple[str]]:
    """Select the runs that live, as a part of another statement: one that takes its lease now is not overlooked."""
    holders = [holder_of(row) for row in connection.execute(select(leases))]
    dead = [holder.token for holder in holders if holder.owner.is_alive(here) is False]
    return select(leases.c.run_id).where(leases.c.token.not_in(dead))
