"""The commands that only ask: estimate, status, models."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from flows import listing
from flows.interrupts import drive
from flows.options import Access, AsJson, Ledger, Out, Pace, Reading, Sources, Talk, config_of, grouped, settings
from flows.session import Session


@grouped
def estimate(
    ctx: typer.Context,
    sources: Sources,
    out: Annotated[str, typer.Option("--out", "-o", help="Output whose kept answers are free.")] = "results",
    ledger: Ledger = None,
    *,
    reading: Reading,
    access: Access,
    pace: Pace,
    talk: Talk,
) -> None:
    """Say what a run would take, in pages, tokens, money and time; asks nothing."""
    session: Session = ctx.obj
    config = config_of({"sources": sources, "out": out, "ledger": ledger} | settings(reading, access, pace))
    with session.reporter(talk) as reporter:
        found = drive(lambda _: session.engine.estimate(config, reporter=reporter), say=reporter.urgent)
    if talk.as_json:
        session.emit(listing.as_json(found))
    else:
        listing.show_estimate(found, session.data)


def status(
    ctx: typer.Context,
    out: Out,
    ledger: Ledger = None,
    *,
    problems: Annotated[bool, typer.Option("--problems", help="List every page and file that was not read.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show what is done, open, failed and spent."""
    session: Session = ctx.obj
    found = asyncio.run(session.engine.status(out, ledger))
    if as_json:
        session.emit(listing.as_json(found))
    else:
        listing.show_status(found, out, session.data, ledger=ledger, every_problem=problems)


def models(ctx: typer.Context, *, as_json: AsJson = False) -> None:
    """List the models that are known, with their limits and prices."""
    from tasks.catalogue import load_catalogue

    session: Session = ctx.obj
    known = load_catalogue()
    if as_json:
        session.emit(listing.as_json(list(known.models.values())))
    else:
        listing.show_models(known.models, known.defaults, session.data)
