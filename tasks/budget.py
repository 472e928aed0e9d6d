"""Money, tokens and pages that may be spent: reserved before a call, settled after it, never passed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field

from schemas.errors import BudgetReached, LedgerFault, UsageFault
from schemas.models import Price
from schemas.spending import NOTHING, Spending
from schemas.usage import Usage
from tasks.forecast import OutputForecast

_ROUNDING = 1e-9

Refill = Callable[[str], Awaitable[float]]
"""Gives some more of a limit (cost, tokens, pages) that is shared with others; 0 is that nothing is left."""


class Reservation:
    """Part of the budget, held for one call. One of its methods is called; the first one counts."""

    __slots__ = ("_budget", "_kind", "_open", "_price", "_worst")

    def __init__(self, budget: Budget, worst: Spending, kind: str, price: Price | None) -> None:
        self._budget = budget
        self._worst = worst
        self._kind = kind
        self._price = price
        self._open = True

    def settle(self, usage: Usage | None, *, unknown_sends: int = 0) -> None:
        """Spend what the call took; None, and each further send of unknown end, is the worst case."""
        worst = self._worst._replace(pages=0)
        taken = worst if usage is None else self._budget.learn(usage, self._kind, worst, self._price)
        self._close(taken.plus(worst.times(unknown_sends))._replace(pages=self._worst.pages))

    def free(self) -> None:
        """Give it back: the call was turned away, and is not billed."""
        self._close(Spending(pages=self._worst.pages))

    def unused(self) -> None:
        """Give it back, and its pages: the call was not sent."""
        self._close(NOTHING)

    def _close(self, taken: Spending) -> None:
        if self._open:
            self._open = False
            self._budget.close(self._worst, taken)


def _turn() -> asyncio.Future[Reservation]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True)
class _Waiter:
    input_tokens: int
    max_output_tokens: int
    worst: Spending
    kind: str
    price: Price | None
    turn: asyncio.Future[Reservation] = field(default_factory=_turn)


class Budget:
    """Holds a run to what it may spend. None is no limit.

    A call passes if what was spent, what is reserved and its own worst case stay within every limit. When nothing is
    in flight its expected cost decides: so near a limit calls go one by one, and no more is spent than the limit and
    what the last answer was longer than expected.

    With *refill* the limits are shared: what is ours of them is fetched piece by piece, before calls need it.

    Raises:
        UsageFault: if money is limited and the price is not known; such a promise could not be kept.
    """

    def __init__(
        self,
        *,
        max_cost: float | None = None,
        max_tokens: int | None = None,
        max_pages: int | None = None,
        price: Price | None = None,
        spent: Spending = NOTHING,
        forecast: OutputForecast | None = None,
        refill: Refill | None = None,
    ) -> None:
        limits = {"cost": max_cost, "tokens": max_tokens, "pages": max_pages}
        # Where others spend of the same limits, what is ours is what we are given of them.
        self._limits = {name: 0.0 if refill and limit is not None else limit for name, limit in limits.items()}
        self._refill = refill
        self._refilling: asyncio.Task[None] | None = None
        self._dry: set[str] = set()
        self._price = price
        self._forecast = forecast or OutputForecast()
        self._in_flight = 0
        self._waiting: deque[_Waiter] = deque()
        self.reserved = NOTHING
        self.spent = spent
        if max_cost is not None and not _is_known(price):
            raise _no_promise("the price of this model is not known")

    async def reserve(
        self, *, input_tokens: int, max_output_tokens: int, pages: int = 0, kind: str = "", price: Price | None = None
    ) -> Reservation:
        """Reserve the worst case of one call, waiting while calls in flight may still free room.

        *price* is that of the model that is asked, where it is not the run's own.

        Raises:
            BudgetReached: if it does not fit.
        """
        price = price or self._price
        worst = self._amount(Usage(input_tokens, max_output_tokens), pages, price)
        waiter = _Waiter(input_tokens, max_output_tokens, worst, kind, price)
        self._waiting.append(waiter)
        self._let_through()
        try:
            return await waiter.turn
        except asyncio.CancelledError:
            if waiter.turn.done() and not waiter.turn.cancelled() and not waiter.turn.exception():
                waiter.turn.result().unused()
            else:
                self._let_through()
            raise

    def learn(self, usage: Usage, kind: str, worst: Spending, price: Price | None) -> Spending:
        """Tell what an answer took, and expect the next ones by it."""
        self._forecast.learn(kind, usage.output_tokens)
        cost = self._cost(usage, price)
        return Spending(worst.cost if cost is None else cost, usage.total_tokens)

    def close(self, worst: Spending, taken: Spending) -> None:
        """Turn a reservation into what was taken."""
        self._in_flight -= 1
        self.reserved = self.reserved.plus(worst.times(-1)) if self._in_flight else NOTHING
        self.spent = self.spent.plus(taken)
        self._let_through()

    def _let_through(self) -> None:
        """Grant what fits, in the order of asking; refuse what does not once nothing in flight can free room for it.

        Who waits for pages lets others by: a call that holds some may need one that takes none to come to its end.
        """
        for waiter in tuple(self._waiting):
            if not waiter.turn.done():
                passed = self._passed_by(waiter)
                if passed and self._asks_for_more(passed):
                    return
                if passed and self._in_flight:
                    if passed == "pages":
                        continue
                    return
                if passed:
                    waiter.turn.set_exception(self._reached(passed))
                else:
                    self._grant(waiter)
            self._waiting.remove(waiter)

    def _asks_for_more(self, name: str) -> bool:
        """Have the limit raised, if somebody may; what waits goes on waiting until the answer is there."""
        if self._refill is None or name in self._dry:
            return False
        if self._refilling is None:
            self._refilling = asyncio.ensure_future(self._raise(name, self._refill))
        return True

    async def _raise(self, name: str, refill: Refill) -> None:
        more = 0.0
        try:
            with suppress(LedgerFault):  # the run meets the same fault where it writes
                more = await refill(name)
        finally:
            self._refilling = None
        if not more:
            self._dry.add(name)
        self._limits[name] = (self._limits[name] or 0.0) + more
        self._let_through()

    def _grant(self, waiter: _Waiter) -> None:
        self._in_flight += 1
        self.reserved = self.reserved.plus(waiter.worst)
        waiter.turn.set_result(Reservation(self, waiter.worst, waiter.kind, waiter.price))

    def _passed_by(self, waiter: _Waiter) -> str | None:
        """Name the limit that this call could pass; with nothing in flight what is likely decides."""
        passed = self._passed(self.spent.plus(self.reserved).plus(waiter.worst))
        return passed and (passed if self._in_flight else self._passed(self.spent.plus(self._likely(waiter))))

    def _likely(self, waiter: _Waiter) -> Spending:
        """Say what a call will take by what is known now, which is more than when it began to wait."""
        expected = min(self._forecast.expect(waiter.kind), waiter.max_output_tokens)
        usage = Usage(waiter.input_tokens, expected)
        return self._amount(usage, waiter.worst.pages, waiter.price)

    def _passed(self, total: Spending) -> str | None:
        for name, amount in zip(Spending._fields, total, strict=True):
            limit = self._limits[name]
            if limit is not None and amount > limit * (1 + _ROUNDING):
                return name
        return None

    def _reached(self, name: str) -> BudgetReached:
        spent, limit = getattr(self.spent, name), self._limits[name]
        if self._refill is not None:
            return BudgetReached(
                f"the next call could pass the limit on {name} of the whole backfill",
                advice=f"raise it with: pagemill backfill --resume ID --max-{name} N; what was read is kept",
            )
        return BudgetReached(
            f"the next call could pass the limit of {limit:g} {self._unit(name)}: {spent:g} are spent",
            advice=f"raise it with --max-{name} and run again: what was read is kept and costs nothing",
        )

    def _unit(self, name: str) -> str:
        return self._price.currency if name == "cost" and self._price else name

    def _amount(self, usage: Usage, pages: int, price: Price | None) -> Spending:
        cost = self._cost(usage, price)
        if cost is None:
            reason = f"no price is known for {usage.input_tokens} input tokens"
            raise _no_promise(reason)
        return Spending(cost, usage.total_tokens, pages)

    def _cost(self, usage: Usage, price: Price | None) -> float | None:
        if self._limits["cost"] is None or price is None:
            return 0.0
        return price.cost(usage)


def _is_known(price: Price | None) -> bool:
    return price is not None and all(None not in (tier.input, tier.output) for tier in price.tiers)


def _no_promise(reason: str) -> UsageFault:
    return UsageFault(
        f"the cost cannot be limited: {reason}",
        advice="limit what is known with --max-tokens or --max-pages, or add the price to the model table",
    )
