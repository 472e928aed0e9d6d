"""The account's rate, shared through the ledger: processes book permits in blocks and give back what is left.

A block that is not there yet is booked all the same, and may be used when its time has come. So who asks is served in
the order of asking: were the empty-handed sent away to ask again, those who ask most often would take it all.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import Connection, Double, cast, delete, func, select, update

from tasks.ledger.store import Store, insert_into, keeping, replacing
from tasks.ledger.tables import limits, quotas
from tasks.permits import Grant

_BURST_SECONDS = 1.0
"""What may pile up unused. A clock that jumps forward gives no more than this.

The service itself forgives a second; with two piled up, processes that start together were refused.
"""
_BLOCK_SECONDS = 1.0
"""What one process gets at once, at most."""


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """Requests and tokens per minute; None is not limited here."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


@dataclass(frozen=True, slots=True)
class Bucket:
    """Permits of one kind that an account has left; less than none is booked ahead.

    *rate* is per second; without one there is no end of them.
    """

    level: float
    rate: float | None

    @property
    def capacity(self) -> float:
        """The most that piles up: never less than one permit, or a slow account would never have one."""
        return max((self.rate or 0.0) * _BURST_SECONDS, 1.0)

    def after(self, seconds: float) -> Bucket:
        """Fill up over a time; one that seems to have run backwards is no time."""
        if self.rate is None:
            return self
        return replace(self, level=min(self.level + self.rate * max(seconds, 0.0), self.capacity))

    def take(self, wanted: float) -> tuple[Bucket, float, float]:
        """Take up to *wanted*; give what is left, what was taken, and in how many seconds that may be used."""
        if self.rate is None or wanted <= 0:
            return self, max(wanted, 0.0), 0.0
        taken = min(wanted, max(self.rate * _BLOCK_SECONDS, 1.0))
        left = replace(self, level=self.level - taken)
        return left, taken, max(0.0, -left.level) / self.rate

    def give_back(self, unused: float) -> Bucket:
        """Put back what was taken and not used."""
        return self if self.rate is None else replace(self, level=min(self.level + max(unused, 0.0), self.capacity))


class LimitBook(Store):
    """Limits that a user set for an account; runs that share it heed them while they go on."""

    async def set_limits(self, account: str, wanted: AccountLimits) -> None:
        """Set an account's limits over those of its runs' own settings; None gives a run's own back."""
        await self.write(partial(_set_limits, account=account, wanted=wanted))

    async def get_limits(self, account: str) -> AccountLimits:
        """Say what was set for an account."""
        return await self.read(partial(_get_limits, account=account))


class LedgerQuota:
    """What one process sees of an account's rate. The contract is `tasks.ports.SharedQuota`.

    *own* are the limits by the run's own settings; what was set for the account goes before. `limits` are those
    that held at the last trip to the ledger.
    """

    def __init__(self, ledger: Store, account: str, own: AccountLimits) -> None:
        self._ledger = ledger
        self._account = account
        self._own = own
        self.limits = own

    async def take(self, *, requests: float, tokens: float) -> Grant:
        """Take up to that much of what the account has left or will have next, a second's worth at most."""
        return await self._ledger.write(partial(self._take, requests=requests, tokens=tokens))

    async def give_back(self, *, requests: float, tokens: float) -> None:
        """Give back what was not used."""
        await self._ledger.write(partial(self._give_back, requests=requests, tokens=tokens))

    def _take(self, connection: Connection, requests: float, tokens: float) -> Grant:
        now, of_requests, of_tokens = self._buckets(connection)
        of_requests, some_requests, wait = of_requests.take(requests)
        of_tokens, some_tokens, wait_too = of_tokens.take(tokens)
        self._save(connection, now, of_requests, of_tokens)
        return Grant(some_requests, some_tokens, max(wait, wait_too))

    def _give_back(self, connection: Connection, requests: float, tokens: float) -> None:
        now, of_requests, of_tokens = self._buckets(connection)
        self._save(connection, now, of_requests.give_back(requests), of_tokens.give_back(tokens))

    def _buckets(self, connection: Connection) -> tuple[float, Bucket, Bucket]:
        """Lock the account's row and fill up its buckets."""
        self.limits = _over(self._own, _get_limits(connection, self._account))
        rates = [_per_second(self.limits.requests_per_minute), _per_second(self.limits.tokens_per_minute)]
        locked = select(quotas).where(quotas.c.account == self._account).with_for_update()
        row = connection.execute(locked).one_or_none()
        if row is None:
            first = {"requests": rates[0] or 0.0, "tokens": rates[1] or 0.0, "updated": _now(connection)}
            statement = keeping(insert_into(quotas, connection), "account")
            connection.execute(statement, {"account": self._account, **first})
            row = connection.execute(locked).one()
        now = _now(connection)  # after the lock: what was waited for it counts
        levels = zip((row.requests, row.tokens), rates, strict=True)
        of_requests, of_tokens = (Bucket(level, rate).after(now - row.updated) for level, rate in levels)
        return now, of_requests, of_tokens

    def _save(self, connection: Connection, now: float, of_requests: Bucket, of_tokens: Bucket) -> None:
        left = {"requests": of_requests.level, "tokens": of_tokens.level, "updated": now}
        connection.execute(update(quotas).where(quotas.c.account == self._account).values(**left))


def _now(connection: Connection) -> float:
    """Give one time for all who share the database, in seconds.

    PostgreSQL's own clock serves all machines. Those who share an SQLite file share a machine, and with it a
    monotonic clock, which a change of the date cannot move.
    """
    if connection.dialect.name == "sqlite":
        return time.monotonic()
    seconds: float = connection.scalars(select(cast(func.extract("epoch", func.clock_timestamp()), Double))).one()
    return seconds


def _per_second(per_minute: float | None) -> float | None:
    return None if per_minute is None else per_minute / 60


def _over(own: AccountLimits, wanted: AccountLimits) -> AccountLimits:
    return AccountLimits(
        wanted.requests_per_minute or own.requests_per_minute, wanted.tokens_per_minute or own.tokens_per_minute
    )


def _set_limits(connection: Connection, account: str, wanted: AccountLimits) -> None:
    if wanted == AccountLimits():
        connection.execute(delete(limits).where(limits.c.account == account))
        return
    row = {
        "account": account,
        "requests_per_minute": wanted.requests_per_minute,
        "tokens_per_minute": wanted.tokens_per_minute,
    }
    connection.execute(replacing(insert_into(limits, connection), "account"), row)


def _get_limits(connection: Connection, account: str) -> AccountLimits:
    row = connection.execute(select(limits).where(limits.c.account == account)).one_or_none()
    return AccountLimits() if row is None else AccountLimits(row.requests_per_minute, row.tokens_per_minute)
