"""Backfills: what was planned, what is open of it, and what may still be spent on it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, func, insert, select, text, update

from schemas.backfill import Backfill, Share
from schemas.documents import SourceFile
from schemas.errors import OutputInUse
from schemas.spending import Spending
from tasks.ledger.store import Store
from tasks.ledger.tables import backfills, share_files, shares

Kind = Literal["cost", "tokens", "pages"]
BLOCK = 0.05
"""Share of a whole budget that a run gets at once: small, so that the last of it is not held by one alone."""
_PLANNING = 0x9A6E_1EBF  # any number that nobody else locks
_SPENDINGS = ("allowed", "spent")


class BackfillBook(Store):
    """Keeps backfills. Whoever works at a share holds its lease; what stands here is true for whoever comes next."""

    async def open_backfill(self, backfill: Backfill) -> None:
        """Note that a backfill is being planned.

        Raises:
            OutputInUse: if another one into the same output is not finished: the two could ask for the same pages.
        """
        await self.write(partial(_open, backfill=backfill))

    async def backfill(self, backfill_id: str) -> Backfill | None:
        """Look up a backfill."""
        return await self.read(partial(_backfill, backfill_id=backfill_id))

    async def backfills(self, dataset_id: str | None = None) -> Sequence[Backfill]:
        """List those that are not finished, oldest first; of one output or of all."""
        return await self.read(partial(_unfinished, dataset_id=dataset_id))

    async def change_backfill(self, backfill_id: str, **values: Any) -> None:
        """Set `planned`, `paused`, `deadline`, a limit or `finished_at`; runs at work heed it within seconds."""
        these = backfills.c.backfill_id == backfill_id
        await self.write(lambda connection: _execute(connection, update(backfills).where(these).values(**values)))

    async def add_share(self, share: Share, files: Sequence[SourceFile]) -> None:
        """Add a share with its files, or files and pages to one that is there."""
        await self.write(partial(_add_share, share=share, files=tuple(files)))

    async def clear_shares(self, backfill_id: str) -> None:
        """Forget the shares of a plan that was not finished."""
        await self.write(partial(_clear, backfill_id=backfill_id))

    async def shares(self, backfill_id: str) -> Sequence[Share]:
        """List the shares of a backfill, in order."""
        return await self.read(partial(_shares, backfill_id=backfill_id))

    async def files_of(self, share: Share) -> Sequence[SourceFile]:
        """List the files of a share, in order; one that is done has none any more."""
        return await self.read(partial(_files_of, share=share))

    async def take_up(
        self, share: Share, run_id: str, flow_run_id: str | None, spent: Spending, *, cost_known: float
    ) -> None:
        """Note which run is at work at a share.

        *spent* is what an earlier one that died had spent of its allowance, *cost_known* what it surely cost.
        """
        new = {"run_id": run_id, "flow_run_id": flow_run_id, "ended": None}
        await self.write(partial(_settle, share=share, spent=spent, cost_known=cost_known, values=new))

    async def allow(self, share: Share, kind: Kind) -> float:
        """Let the run at a share spend some more of the whole's budget; 0 is that nothing is left of it."""
        return await self.write(partial(_allow, share=share, kind=kind))

    async def tell(self, share: Share, *, done: int, failed: int, cost_known: float) -> None:
        """Note how far the run at a share is, and what it is known to have cost."""
        values = {"pages_done": done, "pages_failed": failed, "cost_at_work": cost_known}
        await self.write(lambda connection: _execute(connection, _at(share).values(**values)))

    async def put_down(
        self, share: Share, spent: Spending, *, cost_known: float, ended: str | None, done: bool
    ) -> None:
        """Note that the run at a share is over, what it spent and surely cost, and whether the share is done."""
        values = {"ended": ended} | ({"state": "done"} if done else {})
        await self.write(partial(_settle, share=share, spent=spent, cost_known=cost_known, values=values))


def _execute(connection: Connection, statement: Any) -> None:
    connection.execute(statement)


def _at(share: Share) -> Any:
    return update(shares).where(shares.c.backfill_id == share.backfill_id, shares.c.number == share.number)


def _open(connection: Connection, backfill: Backfill) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _PLANNING})
    for other in _unfinished(connection, backfill.dataset_id):
        msg = f"backfill {other.backfill_id} into this output is not finished"
        again, drop = (f"pagemill backfill --{word} {other.backfill_id}" for word in ("resume", "drop"))
        raise OutputInUse(msg, advice=f"go on with it: {again}; or give it up: {drop}")
    connection.execute(insert(backfills), asdict(backfill))


def _backfill(connection: Connection, backfill_id: str) -> Backfill | None:
    row = connection.execute(select(backfills).where(backfills.c.backfill_id == backfill_id)).one_or_none()
    return None if row is None else Backfill(**row._asdict())


def _unfinished(connection: Connection, dataset_id: str | None) -> list[Backfill]:
    wanted = select(backfills).where(backfills.c.finished_at.is_(None)).order_by(backfills.c.created_at)
    if dataset_id is not None:
        wanted = wanted.where(backfills.c.dataset_id == dataset_id)
    return [Backfill(**row._asdict()) for row in connection.execute(wanted)]


def _add_share(connection: Connection, share: Share, files: Sequence[SourceFile]) -> None:
    more = {"files": shares.c.files + share.files, "pages": shares.c.pages + share.pages}
    if connection.execute(_at(share).values(**more)).rowcount == 0:
        connection.execute(insert(shares), _row_of(share))
    rows = [{"backfill_id": share.backfill_id, "number": share.number, "file": _fold(file)} for file in files]
    if rows:
        connection.execute(insert(share_files), rows)


def _clear(connection: Connection, backfill_id: str) -> None:
    for table in (shares, share_files):
        connection.execute(delete(table).where(table.c.backfill_id == backfill_id))


def _shares(connection: Connection, backfill_id: str) -> list[Share]:
    wanted = select(shares).where(shares.c.backfill_id == backfill_id).order_by(shares.c.number)
    return [_share_of(row) for row in connection.execute(wanted)]


def _files_of(connection: Connection, share: Share) -> list[SourceFile]:
    these = (share_files.c.backfill_id == share.backfill_id, share_files.c.number == share.number)
    return [_unfold(text) for text in connection.scalars(select(share_files.c.file).where(*these).order_by("id"))]


def _settle(
    connection: Connection, share: Share, spent: Spending, cost_known: float, values: Mapping[str, Any]
) -> None:
    """Turn what was allowed into what was spent."""
    taken = {f"spent_{kind}": shares.c[f"spent_{kind}"] + amount for kind, amount in spent._asdict().items()}
    taken |= {"cost_known": shares.c.cost_known + cost_known, "cost_at_work": 0.0}
    freed = {f"allowed_{kind}": 0 for kind in Spending._fields}
    connection.execute(_at(share).values(**taken, **freed, **values))
    if values.get("state") == "done":
        these = (share_files.c.backfill_id == share.backfill_id, share_files.c.number == share.number)
        connection.execute(delete(share_files).where(*these))


def _allow(connection: Connection, share: Share, kind: Kind) -> float:
    whole = backfills.c[f"max_{kind}"]
    locked = select(whole).where(backfills.c.backfill_id == share.backfill_id).with_for_update()
    limit = connection.scalars(locked).one()
    if limit is None:
        return float("inf")
    taken = func.sum(shares.c[f"allowed_{kind}"] + shares.c[f"spent_{kind}"])
    before = connection.scalars(select(taken).where(shares.c.backfill_id == share.backfill_id)).one()
    left = max(limit - float(before or 0), 0.0)
    block = min(left, limit * BLOCK) if kind == "cost" else min(left, max(int(limit * BLOCK), 1))
    column = f"allowed_{kind}"
    connection.execute(_at(share).values(**{column: shares.c[column] + block}))
    return float(block)


def _row_of(share: Share) -> dict[str, Any]:
    row = asdict(share)
    for name in _SPENDINGS:
        row |= {f"{name}_{kind}": amount for kind, amount in row.pop(name)._asdict().items()}
    return row


def _share_of(row: Row[Any]) -> Share:
    plain = row._asdict()
    for name in _SPENDINGS:
        plain[name] = Spending(*(plain.pop(f"{name}_{kind}") for kind in Spending._fields))
    return Share(**plain)


def _fold(file: SourceFile) -> str:
    return json.dumps(asdict(file), default=datetime.isoformat)


def _unfold(text: str) -> SourceFile:
    plain = json.loads(text)
    at = plain["modified_at"]
    return SourceFile(**plain | {"modified_at": at and datetime.fromisoformat(at).astimezone(UTC)})
