"""What calls cost: each priced by its own tier and its own model, then summed. Pure."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from math import fsum

from schemas.billing import may_have_been_billed
from schemas.models import ModelSpec, Price
from schemas.records import MONEY_PLACES, CallRecord
from schemas.usage import Usage

_USAGE = tuple(field.name for field in fields(Usage))


@dataclass(frozen=True, slots=True)
class Tally:
    """What a set of wire sends took; adds with `+` as long as the sends of one request stay together.

    `cost_known` is the sum of the costs that are known; `cost_unknown_calls` counts the sends that may have been
    billed at a price, or to an amount, that nobody told us.
    """

    calls: int = 0
    retries: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_known: float = 0.0
    cost_unknown_calls: int = 0
    currencies: frozenset[str] = frozenset()
    price_dates: frozenset[str] = frozenset()

    @property
    def cost(self) -> float | None:
        """Money over all sends; None if any part of it is unknown, or if it is in several currencies."""
        return None if self.cost_unknown_calls or len(self.currencies) > 1 else self.cost_known

    @property
    def currency(self) -> str | None:
        """The currency, where there is one."""
        return next(iter(self.currencies)) if len(self.currencies) == 1 else None

    @property
    def price_date(self) -> str | None:
        """The oldest date of the prices behind the cost."""
        return min(self.price_dates, default=None)

    def spoken(self) -> str:
        """Say the cost to a person.

        >>> Tally(calls=2, cost_known=0.01234, currencies=frozenset({"CNY"})).spoken()
        '0.0123 CNY'
        >>> Tally(calls=2, cost_known=1.5, cost_unknown_calls=1, currencies=frozenset({"CNY"})).spoken()
        'unknown, of which known 1.50 CNY'
        """
        if len(self.currencies) > 1:
            return f"unknown, in several currencies ({', '.join(sorted(self.currencies))})"
        if self.cost is not None:
            return f"{_figure(self.cost)} {self.currency or ''}".rstrip()
        return f"unknown, of which known {_figure(self.cost_known)} {self.currency or ''}".rstrip()

    def __add__(self, other: Tally) -> Tally:
        """Add what two sets of sends took."""
        return Tally(
            calls=self.calls + other.calls,
            retries=self.retries + other.retries,
            usage=self.usage + other.usage,
            cost_known=self.cost_known + other.cost_known,
            cost_unknown_calls=self.cost_unknown_calls + other.cost_unknown_calls,
            currencies=self.currencies | other.currencies,
            price_dates=self.price_dates | other.price_dates,
        )

    def __radd__(self, other: int) -> Tally:
        """Let `sum()` start from 0."""
        if other != 0:
            return NotImplemented
        return self


def priced(calls: Iterable[CallRecord], models: Mapping[str, ModelSpec]) -> list[CallRecord]:
    """Fill in the cost of each send, its currency and the date of its price; unknown is None, never 0."""
    return [_priced(call, models.get(call.model)) for call in calls]


def tally(calls: Iterable[CallRecord]) -> Tally:
    """Sum up sends that were priced. Every send of a request beyond its first is a retry."""
    return _tally(sorted(calls, key=lambda call: call.request_key))


def tally_in_order(calls: Iterable[CallRecord], models: Mapping[str, ModelSpec]) -> Tally:
    """Price and sum up sends, of which those of one request come together; none of them is held."""
    return _tally(_priced(call, models.get(call.model)) for call in calls)


def _tally(calls: Iterable[CallRecord]) -> Tally:
    counts: Counter[str] = Counter()
    costs = array("d")
    currencies: set[str] = set()
    dates: set[str] = set()
    last = None
    for call in calls:
        counts.update({name: getattr(call, name) for name in _USAGE}, calls=1, retries=int(call.request_key == last))
        last = call.request_key
        if call.cost is not None:
            costs.append(call.cost)
        currencies.update(filter(None, [call.currency]))
        dates.update(filter(None, [call.price_date]))
    return Tally(
        calls=counts["calls"],
        retries=counts["retries"],
        usage=Usage(**{name: counts[name] for name in _USAGE}),
        cost_known=fsum(costs),
        cost_unknown_calls=counts["calls"] - len(costs),
        currencies=frozenset(currencies),
        price_dates=frozenset(dates),
    )


def usage_of(call: CallRecord) -> Usage:
    """Give the tokens of a send as a value that adds."""
    return Usage(**{f.name: getattr(call, f.name) for f in fields(Usage)})


def _priced(call: CallRecord, spec: ModelSpec | None) -> CallRecord:
    price = spec.price if spec else None
    return replace(
        call,
        cost=_cost(call, price),
        currency=price.currency if price else None,
        price_date=price.as_of.isoformat() if price else None,
    )


def _cost(call: CallRecord, price: Price | None) -> float | None:
    """Price a send, to the billionth: what is rounded here, once, adds up exactly wherever it is summed."""
    cost = _unrounded(call, price)
    return None if cost is None else round(cost, MONEY_PLACES)


def _unrounded(call: CallRecord, price: Price | None) -> float | None:
    usage = usage_of(call)
    if price is not None and _is_free(price):
        return 0.0
    if usage.total_tokens:
        return _at_rate(call, price, usage)
    return None if may_have_been_billed(call) else 0.0


def _at_rate(call: CallRecord, price: Price | None, usage: Usage) -> float | None:
    cost = price.cost(usage) if price else None
    if cost is None or price is None or call.lane != "batch":
        return cost
    return None if price.batch_factor is None else cost * price.batch_factor


def _is_free(price: Price) -> bool:
    return all((tier.input, tier.output) == (0, 0) for tier in price.tiers)


def _figure(money: float) -> str:
    """Round for the eye: cents, and four places where cents would hide it."""
    return f"{money:,.2f}" if money == 0 or abs(money) >= 1 else f"{money:,.4f}"
