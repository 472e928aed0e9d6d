"""A backfill: much work, planned once, done in shares by whoever comes, each share by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas.spending import NOTHING, Spending

ShareState = Literal["open", "done"]


class Chosen(BaseModel):
    """Which files of the sources a backfill is about, and how they are shared out.

    `since` and `until` bound the time of a file's last change, `match` is a pattern for its name below the source,
    `limit` the number of files that are read. A share has about `share_pages` pages, and no file is in two.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    match: str | None = None
    limit: Annotated[int | None, Field(gt=0)] = None
    share_pages: Annotated[int, Field(gt=0)] = 4_000

    def takes(self, name: str, modified_at: datetime | None) -> bool:
        """Whether a file of this name, changed then, is meant."""
        if modified_at is not None and (self.since or self.until):
            early = self.since is not None and modified_at < self.since
            late = self.until is not None and modified_at >= self.until
            if early or late:
                return False
        return self.match is None or fnmatchcase(name, self.match)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backfill:
    """A plan, as the ledger keeps it.

    `config` are the settings as JSON, secrets left out; `chosen` says in JSON which files of the sources it is about.
    It may be worked at once it is `planned`. `deadline` and the limits hold for the whole, whoever works at it.
    `finished_at` is when nothing was left to do, or it was given up.
    """

    backfill_id: str
    dataset_id: str
    created_at: datetime
    config: str
    chosen: str
    planned: bool = False
    paused: bool = False
    deadline: datetime | None = None
    max_cost: float | None = None
    max_tokens: int | None = None
    max_pages: int | None = None
    finished_at: datetime | None = None

    def is_over_at(self, now: datetime) -> bool:
        """Whether its deadline has passed."""
        return self.deadline is not None and now >= self.deadline


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The files of a backfill that one run takes.

    `run_id` and `flow_run_id` name the last run that took it, `ended` why that stopped early. `pages_done` and
    `pages_failed` are pages that have their rows; `cost_known` is money that the runs at it which are over surely
    cost, `cost_at_work` that of the one which is not. `allowed` is what the run at work may spend of the whole's
    budget, `spent` what all runs at it took of it: a call of which nobody knows took the most it can have cost.
    """

    backfill_id: str
    number: int
    files: int
    pages: int
    state: ShareState = "open"
    run_id: str | None = None
    flow_run_id: str | None = None
    ended: str | None = None
    pages_done: int = 0
    pages_failed: int = 0
    cost_known: float = 0.0
    cost_at_work: float = 0.0
    allowed: Spending = NOTHING
    spent: Spending = NOTHING

    @property
    def lease(self) -> str:
        """The name of the right to work at it, below that to the output."""
        return f"{self.backfill_id} share {self.number}"
