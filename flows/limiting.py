"""The command `limits`: how fast an account may be asked, changed while runs go on."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

import typer

from flows import listing
from flows.options import AsJson, Ledger, Out
from flows.session import Session

PerMinute = float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsInForce:
    """The limits of an account: what the ledger says of it, over what the model table says."""

    account: str
    requests_per_minute: float | None
    tokens_per_minute: float | None
    changed: bool


def limits(
    ctx: typer.Context,
    out: Out,
    ledger: Ledger = None,
    *,
    backend: Annotated[
        str, typer.Option("--backend", envvar="PAGEMILL_BACKEND", help="By whom pages are read.")
    ] = "auto",
    model: Annotated[str | None, typer.Option("--model", envvar="PAGEMILL_MODEL", help="Whose quota it is.")] = None,
    rpm: Annotated[PerMinute, typer.Option("--rpm", min=0.001, help="Requests a minute from now on.")] = None,
    tpm: Annotated[PerMinute, typer.Option("--tpm", min=1, help="Tokens a minute from now on.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Go back to the runs' own limits.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the rate limits that hold, or change them; runs that go on follow within seconds."""
    session: Session = ctx.obj
    found = asyncio.run(_limits(out, ledger, backend, model, rpm, tpm, reset=reset))
    if as_json:
        session.emit(listing.as_json(found))
        return
    why = "set in the ledger" if found.changed else "of the model table; a run's own options go before them"
    session.emit(
        f"{found.account}: {_rate(found.requests_per_minute)} requests and "
        f"{_rate(found.tokens_per_minute)} tokens a minute, {why}"
    )


async def _limits(
    out: str, ledger: str | None, backend: str, model: str | None, rpm: PerMinute, tpm: PerMinute, *, reset: bool
) -> LimitsInForce:
    from schemas.config import RunConfig
    from tasks.ledger import AccountLimits, open_ledger
    from tasks.order import resolve
    from tasks.standing import place_of

    order = resolve(RunConfig(sources=("-",), out="results", backend=backend, model=model))  # only whose quota it is
    async with await asyncio.to_thread(open_ledger, place_of(out, ledger)) as books:
        before = AccountLimits() if reset else await books.get_limits(order.account)
        wanted = AccountLimits(rpm or before.requests_per_minute, tpm or before.tokens_per_minute)
        if reset or wanted != before:
            await books.set_limits(order.account, wanted)
    own = order.limits
    return LimitsInForce(
        account=order.account,
        requests_per_minute=wanted.requests_per_minute or own.requests_per_minute,
        tokens_per_minute=wanted.tokens_per_minute or own.tokens_per_minute,
        changed=wanted != AccountLimits(),
    )


def _rate(value: float | None) -> str:
    return "any number of" if value is None else f"{value:,.0f}"
