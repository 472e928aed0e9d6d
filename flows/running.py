"""The commands that read: run, retry, replay."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import typer

from flows import summary
from flows.interrupts import Watch, drive
from flows.options import Access, Budget, Ledger, Out, Pace, Reading, Sources, Talk, config_of, grouped, settings
from flows.session import Session
from flows.wording import nearest
from schemas.errors import UsageFault
from schemas.records import RunRecord
from tasks.ports import Reporter

Work = Callable[[Reporter, asyncio.Event], Coroutine[Any, Any, RunRecord]]


@grouped
def run(
    ctx: typer.Context,
    sources: Sources,
    out: Out,
    ledger: Ledger = None,
    *,
    reading: Reading,
    access: Access,
    pace: Pace,
    budget: Budget,
    talk: Talk,
) -> None:
    """Read documents into tables; what was read before is kept and free."""
    session: Session = ctx.obj
    given = {"sources": sources, "out": out, "ledger": ledger}
    config = config_of(given | settings(reading, access, pace, budget))
    as_flow = talk.prefect or bool(os.environ.get("PREFECT_API_URL"))

    async def work(reporter: Reporter, stop: asyncio.Event) -> RunRecord:
        return await session.engine.run(config, reporter=reporter, stop=stop, as_flow=as_flow)

    conduct(session, talk, out, work)


@grouped
def retry(
    ctx: typer.Context,
    out: Out,
    only: Annotated[str, typer.Option("--only", help=f"Which pages: {', '.join(summary.AGAIN)}.")] = "failed",
    ledger: Ledger = None,
    *,
    access: Access,
    pace: Pace,
    budget: Budget,
    talk: Talk,
) -> None:
    """Ask pages again that did not come out, with the settings of the last run."""
    session: Session = ctx.obj
    statuses = _statuses(only)
    overrides = settings(access, pace, budget)

    async def work(reporter: Reporter, stop: asyncio.Event) -> RunRecord:
        last = await session.engine.last_config(out, ledger)
        config = config_of(last.model_dump() | {"ledger": ledger or last.ledger} | overrides)
        return await session.engine.retry(config, statuses, reporter=reporter, stop=stop)

    conduct(session, talk, out, work)


@grouped
def replay(ctx: typer.Context, out: Out, ledger: Ledger = None, *, talk: Talk) -> None:
    """Judge kept answers again and write the tables anew; asks nothing, costs nothing."""
    session: Session = ctx.obj

    async def work(reporter: Reporter, stop: asyncio.Event) -> RunRecord:
        last = await session.engine.last_config(out, ledger)
        config = config_of(last.model_dump() | {"ledger": ledger or last.ledger})
        return await session.engine.replay(config, reporter=reporter, stop=stop)

    conduct(session, talk, out, work)


def _statuses(only: str) -> tuple[str, ...]:
    statuses = tuple(word.strip() for word in only.split(",") if word.strip())
    for word in statuses:
        if word not in summary.AGAIN:
            msg = f"--only: there is no status {word!r} to ask again"
            raise UsageFault(msg, advice=nearest(word, summary.AGAIN))
    if not statuses:
        msg = "--only names no status"
        raise UsageFault(msg, advice=f"choose from: {', '.join(summary.AGAIN)}")
    return statuses


def conduct(session: Session, talk: Talk, out: str, work: Work) -> None:
    """Have a run made under the eyes of a reporter, and leave with its exit code."""
    with session.reporter(talk) as reporter:

        def begin(watch: Watch) -> Coroutine[Any, Any, RunRecord]:
            # Prefect puts a SIGTERM handler of its own over ours before a flow's body begins.
            reporter.at_start = watch.claim
            return work(reporter, watch.stop)

        record = drive(begin, say=reporter.urgent)
    if talk.as_json:
        session.emit(summary.as_json(record, out))
    raise typer.Exit(record.exit_code)
