"""The command, dying at a chosen moment: `python -m tests.proofs.dying MOMENT WORDS...`."""

from __future__ import annotations

import functools
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from flows.cli import main
from tasks import closing
from tasks.ledger import Ledger
from tasks.sinks.parquet import ParquetSink


@dataclass(frozen=True, slots=True)
class Moment:
    """Before or after some step of a run; *table* narrows it to writes of that table."""

    place: Any
    step: str
    after: bool
    table: str | None = None

    def is_met(self, words: tuple[Any, ...]) -> bool:
        return self.table is None or self.table in words


def _write(table: str, *, after: bool) -> Moment:
    return Moment(ParquetSink, "write", after, table)


MOMENTS = {
    "a send is journalled": Moment(Ledger, "open_call", after=True),
    "an answer is not kept yet": Moment(Ledger, "close_calls", after=False),
    "an answer is kept": Moment(Ledger, "close_calls", after=True),
    "no row is written yet": _write("pages", after=False),
    "the pages are written": _write("pages", after=True),
    "the calls are written": _write("calls", after=True),
    "the files are written": _write("files", after=True),
    "the ledger is not told yet": Moment(Ledger, "place", after=False),
    "the ledger is told": Moment(Ledger, "place", after=True),
    "the run has its row": _write("runs", after=True),
    "the manifest is written": Moment(closing, "write_manifest", after=True),
    "the ledger knows the end": Moment(Ledger, "close_run", after=True),
}


def die() -> None:
    """End this process and all that it started, at once."""
    os.killpg(0, signal.SIGKILL)


def arm(moment: Moment) -> None:
    """Let the step be the last thing that happens."""
    step: Callable[..., Any] = getattr(moment.place, moment.step)

    @functools.wraps(step)
    def last(*given: Any, **named: Any) -> Any:
        if not moment.is_met(given):
            return step(*given, **named)
        if not moment.after:
            die()
        came = step(*given, **named)
        if isinstance(came, Awaitable):
            return _awaited(came)
        return die()

    setattr(moment.place, moment.step, last)


async def _awaited(step: Awaitable[Any]) -> None:
    await step
    die()


if __name__ == "__main__":
    arm(MOMENTS[sys.argv[1]])
    sys.exit(main(sys.argv[2:]))
