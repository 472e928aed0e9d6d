"""A part of an output's work that one of several runs takes, at the same time as others take theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from schemas.documents import SourceFile
from tasks.budget import Refill


@dataclass(frozen=True)
class Portion:
    """The files of a run that shares its output with others, and where its part of their budget comes from.

    `lease` names it below the output; no other portion has one of these files, nor another file of the same bytes.
    `taken` is called with the run's id once the portion is ours, before anything is spent; what it raises ends the
    run. `earlier` are the runs that worked at it before.
    """

    lease: str
    files: Sequence[SourceFile]
    refill: Refill
    taken: Callable[[str], Awaitable[None]]
    earlier: tuple[str, ...] = ()
