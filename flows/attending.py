"""The command `worker`: Prefect's worker, whose runs finish what is in flight before it ends.

Asked to end, Prefect's worker kills its runs in the same moment, and with them the answers that are paid for and on
their way. So the runs are asked first, and the worker when they are through.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from flows.interrupts import FINISHING
from flows.session import Session
from schemas.errors import UsageFault

GRACE = 100.0
"""Seconds that runs have to finish what is in flight; below the two minutes that containers are given."""
LOOK = 0.1
"""Seconds between two looks whether runs are left."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class _AskedToEnd(BaseException):
    """Raised by a signal, wherever we wait."""


def worker(
    ctx: typer.Context,
    *,
    pool: Annotated[str, typer.Option("--pool", "-p", help="Work pool of type process.")] = "pagemill",
    queue: Annotated[
        list[str] | None, typer.Option("--work-queue", "-q", help="Queue to serve; all if none is named.")
    ] = None,
    name: Annotated[str | None, typer.Option("--name", "-n", help="What it is called in Prefect.")] = None,
    limit: Annotated[int | None, typer.Option("--limit", "-l", min=1, help="Runs at once, at most.")] = None,
    grace: Annotated[float, typer.Option("--grace", min=0, help="Seconds that runs have to finish.")] = GRACE,
) -> None:
    """Serve a work pool of Prefect; asked to end, let the runs finish what is in flight."""
    session: Session = ctx.obj
    _check_server()
    words = [sys.executable, "-m", "prefect", "worker", "start", "--pool", pool, "--type", "process"]
    for option, value in (("--name", name), ("--limit", limit)):
        words += [option, str(value)] if value is not None else []
    for one in queue or ():
        words += ["--work-queue", one]
    # In a session of its own no Ctrl-C reaches the runs but ours.
    with subprocess.Popen(words, start_new_session=True) as process:  # noqa: S603 - our own words
        raise typer.Exit(_attend(process, session, grace))


def _attend(process: subprocess.Popen[bytes], session: Session, grace: float) -> int:
    with _heeding(2):
        try:
            return process.wait()
        except _AskedToEnd:
            with suppress(_AskedToEnd):
                session.words.print(FINISHING, highlight=False)
                _finish_runs(process.pid, grace)
        process.terminate()
        return process.wait()


def _finish_runs(pid: int, grace: float) -> None:
    """Ask each run of a worker to finish, also those that it still begins, and wait until none is left."""
    asked: set[int] = set()
    until = time.monotonic() + grace
    while (runs := set(_runs(pid))) and time.monotonic() < until:
        for run in runs - asked:
            with suppress(ProcessLookupError):
                os.kill(run, signal.SIGTERM)
        asked |= runs
        time.sleep(LOOK)


def _runs(pid: int) -> Iterator[int]:
    """List the processes of a worker's runs; none where the system does not tell."""
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, path.read_text().split()):
                words = Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")
                if any(word.startswith(b"prefect.") for word in words):
                    yield child


@contextmanager
def _heeding(times: int) -> Iterator[None]:
    """Raise at so many signals, one after the other; any beyond is ignored."""
    left = [None] * times

    def heed(_number: int, _frame: FrameType | None) -> None:
        if left:
            left.pop()
            raise _AskedToEnd

    before = {one: signal.signal(one, heed) for one in _SIGNALS}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


def _check_server() -> None:
    from flows.reach import prefect_api

    found = prefect_api()
    if found.state == "skipped":
        msg = "a worker serves a Prefect server, and none is named"
        raise UsageFault(msg, advice="set PREFECT_API_URL; without a server: pagemill backfill SOURCE --out DIR")
    if found.state == "fail":
        msg = f"the Prefect server at {found.said}"
        raise UsageFault(msg, advice="start it with: prefect server start")
