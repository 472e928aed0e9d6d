"""A backfill: planned once, then worked off in shares by any number of processes, until nothing is left."""

from __future__ import annotations

from tasks.backfill.conducting import conducting, heeding
from tasks.backfill.planning import plan, plan_on
from tasks.backfill.standing import Standing, found, settings, standing
from tasks.backfill.working import Turn, work

__all__ = ["Standing", "Turn", "conducting", "found", "heeding", "plan", "plan_on", "settings", "standing", "work"]
