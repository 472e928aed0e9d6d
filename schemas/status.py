"""How a dataset stands: what is done, open, failed and spent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from schemas.records import RunRecord
from schemas.usage import Usage


@dataclass(frozen=True, slots=True)
class PageProblem:
    """A page, or with `page_no` None a whole file, that is not read as it should be.

    `generation` is how often it was asked again on purpose.
    """

    source: str
    page_no: int | None
    status: str
    error_kind: str | None
    message: str | None
    generation: int = 0


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A document that looks hostile or keeps failing: why, how many of its pages by error kind, and their statuses.

    `asked_again` is how often one of them was asked again on purpose, and failed all the same.
    """

    source: str
    reason: Literal["looks hostile", "keeps failing"]
    kinds: Mapping[str, int]
    statuses: tuple[str, ...]
    asked_again: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where an output stands over all runs into it.

    `runs` are its runs, oldest first; `cost` is null if any part of it is unknown, `cost_known` the part that is
    known; `held_by` names the run that is at work on it now; `quarantined` are documents that somebody should look at
    before they are read again.
    """

    runs: tuple[RunRecord, ...] = ()
    files: Mapping[str, int] = field(default_factory=dict)
    pages: Mapping[str, int] = field(default_factory=dict)
    calls: Mapping[str, int] = field(default_factory=dict)
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    cost_known: float = 0.0
    currency: str | None = None
    held_by: str | None = None
    problems: tuple[PageProblem, ...] = ()
    quarantined: tuple[Quarantined, ...] = ()
