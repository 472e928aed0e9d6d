"""What may be spent, or was: money, tokens, pages."""

from __future__ import annotations

from typing import NamedTuple


class Spending(NamedTuple):
    """What was spent, or may be: money in the price's currency, tokens in and out, pages."""

    cost: float = 0.0
    tokens: int = 0
    pages: int = 0

    def plus(self, other: Spending) -> Spending:
        """Add field by field."""
        return Spending(self.cost + other.cost, self.tokens + other.tokens, self.pages + other.pages)

    def times(self, count: int) -> Spending:
        """The same so many times."""
        return Spending(self.cost * count, self.tokens * count, self.pages * count)


NOTHING = Spending()
