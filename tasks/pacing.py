"""The limiter of a run: made of its limits, fed by the account's quota, retuned while it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

from schemas.errors import LedgerFault
from schemas.models import Limits
from tasks.forecast import OutputForecast
from tasks.ledger import AccountLimits, Ledger, LedgerQuota
from tasks.limiter import Limiter, Unpaced
from tasks.order import Order
from tasks.permits import Paces
from tasks.ports import Backend, Clock

LOOK = 3.0
"""Seconds between looks whether somebody changed the account's limits."""


@asynccontextmanager
async def open_limiter(
    order: Order, backend: Backend, ledger: Ledger, clock: Clock, forecast: OutputForecast
) -> AsyncIterator[Paces]:
    """Give the limiter of a run.

    A ledger that was named, and so can be shared, shares the account's rate as well; a ledger of the run's own has
    nobody to share it with. Either way limits that are changed in the ledger hold within seconds.
    """
    limits = order.limits
    if backend.reads == "document":
        yield Unpaced(limits.in_flight)
        return
    own = AccountLimits(limits.requests_per_minute, limits.tokens_per_minute)
    quota = LedgerQuota(ledger, order.account, own) if order.config.ledger else None
    limiter = Limiter(limits, clock, quota=quota, forecast=forecast)
    watch = asyncio.ensure_future(_watch(limiter, limits, ledger, order.account, clock))
    try:
        yield limiter
    finally:
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
        await limiter.aclose()


async def _watch(limiter: Limiter, own: Limits, ledger: Ledger, account: str, clock: Clock) -> None:
    """Take over limits that somebody sets for the account while the run goes on."""
    current = own
    with suppress(LedgerFault):  # the run meets the same fault where it writes
        while True:
            wanted = over(own, await ledger.get_limits(account))
            if wanted != current:
                limiter.set_limits(wanted)
                current = wanted
            await clock.sleep(LOOK)


def over(own: Limits, account: AccountLimits) -> Limits:
    """Lay what was set for the account over the run's own limits."""
    return replace(
        own,
        requests_per_minute=account.requests_per_minute or own.requests_per_minute,
        tokens_per_minute=account.tokens_per_minute or own.tokens_per_minute,
    )
