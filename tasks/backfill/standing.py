"""How a backfill stands: what is done, what is open, who is at work, and whether there is to be any."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import fsum

from schemas.backfill import Backfill, Share
from schemas.config import RunConfig
from schemas.errors import NoInput
from tasks.closing import complete
from tasks.dataset import write_manifest
from tasks.holding import hold_tables, output_lease
from tasks.ledger import BLOCK, Holder, Ledger, Vigil
from tasks.sinks import open_sink


@dataclass(frozen=True, slots=True)
class Standing:
    """A backfill and its shares; `held` says by number who is at work at a share."""

    backfill: Backfill
    shares: Sequence[Share]
    held: dict[int, Holder]

    @property
    def pages(self) -> int:
        """Pages that were to be read when it was planned."""
        return sum(share.pages for share in self.shares)

    @property
    def pages_done(self) -> int:
        """Pages that have their rows; of a share that is done, all of them."""
        return sum(
            share.pages if share.state == "done" else min(share.pages_done, share.pages) for share in self.shares
        )

    @property
    def cost(self) -> float:
        """Money that is known to be spent. A call of which nobody knows counts against the budget, and not here."""
        return fsum(one.cost_known + one.cost_at_work for one in self.shares)

    @property
    def pages_failed(self) -> int:
        """Pages that were not read."""
        return sum(share.pages_failed for share in self.shares)

    @property
    def open(self) -> list[Share]:
        """Shares that are not done."""
        return [share for share in self.shares if share.state == "open"]

    @property
    def free(self) -> list[Share]:
        """Shares that are not done and at which nobody works: untouched ones first, then those that were stopped."""
        waiting = [share for share in self.open if share.number not in self.held]
        return sorted(waiting, key=lambda share: (share.ended is not None, share.number))

    @property
    def abandoned(self) -> list[Share]:
        """Shares whose run died: it was taken up, never put down, and nobody holds it."""
        return [share for share in self.free if share.run_id is not None and share.ended is None]

    @property
    def budget_is_left(self) -> bool:
        """Whether a run would still be given a piece of the whole's budget."""
        taken = [one.spent.plus(one.allowed) for one in self.shares]
        whole = (self.backfill.max_cost, self.backfill.max_tokens, self.backfill.max_pages)
        sums = (sum(one.cost for one in taken), sum(one.tokens for one in taken), sum(one.pages for one in taken))
        return all(limit is None or limit - used >= limit * BLOCK for limit, used in zip(whole, sums, strict=True))

    def rests(self, now: datetime) -> str | None:
        """Say why there is nothing to be done, if so: finished, not planned, paused, deadline, taken."""
        backfill = self.backfill
        if backfill.finished_at is not None:
            return "finished"
        if not backfill.planned:
            return "not planned"
        if backfill.paused:
            return "paused"
        if self.open and backfill.is_over_at(now):
            return "deadline"
        return "taken" if self.open and not self.free else None


async def found(ledger: Ledger, backfill_id: str) -> Backfill:
    """Look a backfill up.

    Raises:
        NoInput: if there is none of that name.
    """
    backfill = await ledger.backfill(backfill_id)
    if backfill is None:
        known = ", ".join(other.backfill_id for other in await ledger.backfills()) or "none"
        msg = f"there is no backfill {backfill_id} in the ledger {ledger.where}"
        raise NoInput(msg, advice=f"name its --out or --ledger; not finished there: {known}")
    return backfill


async def standing(ledger: Ledger, backfill_id: str, vigil: Vigil | None = None) -> Standing:
    """Say how a backfill stands. With a *vigil*, shares of machines that fell silent are free again.

    Raises:
        NoInput: if there is none of that name.
    """
    backfill = await found(ledger, backfill_id)
    shares = await ledger.shares(backfill_id)
    output = output_lease(backfill.dataset_id)
    holders = await (ledger.holders(output) if vigil is None else vigil.look(ledger, output))
    leases = {output_lease(backfill.dataset_id, share.lease): share.number for share in shares}
    return Standing(backfill, shares, {leases[name]: one for name, one in holders.items() if name in leases})


def settings(backfill: Backfill, ledger: str) -> RunConfig:
    """Give the settings of the runs of a backfill, which open the ledger by the name that works here."""
    limits = {name: getattr(backfill, name) for name in ("max_cost", "max_tokens", "max_pages")}
    return RunConfig.model_validate_json(backfill.config).model_copy(update={**limits, "ledger": ledger})


async def closing(ledger: Ledger, backfill: Backfill, run_id: str) -> None:
    """Close a backfill of which nothing is open: now, with its manifest, the output is whole."""
    out = settings(backfill, ledger.where).out  # of which nothing is opened here but the output
    async with hold_tables(ledger, backfill.dataset_id, run_id):
        if (await found(ledger, backfill.backfill_id)).finished_at is None:
            await asyncio.to_thread(_write, out, run_id)
            await ledger.change_backfill(backfill.backfill_id, finished_at=datetime.now(UTC))


def _write(out: str, run_id: str) -> None:
    sink = open_sink(out)
    complete(sink)
    write_manifest(out, sink, run_id)
