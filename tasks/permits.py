"""What a call needs before it may leave: a turn, a share of the account's rate, a part of the budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from schemas.models import Price
from schemas.usage import Usage


@dataclass(frozen=True, slots=True)
class Grant:
    """A block of permits from the account's shared quota, to be used in *wait* seconds and not before."""

    requests: float
    tokens: float
    wait: float = 0.0


class SharedQuota(Protocol):
    """The account's rate, shared between processes and machines through the ledger database."""

    async def take(self, *, requests: float, tokens: float) -> Grant:
        """Take up to that much of what the account has left, or will have next; it is not there for others."""
        ...

    async def give_back(self, *, requests: float, tokens: float) -> None:
        """Give back what was not used."""
        ...


class Permit(Protocol):
    """Leave to send one call. One of its methods is called when it is known what came of it; the first one counts."""

    def settle(self, usage: Usage | None) -> None:
        """Tell that it was answered and what it took; None is unknown."""
        ...

    def throttled(self, retry_after: float | None, *, tokens: bool = False) -> None:
        """Tell that the service said: slower; *tokens* says that it meant the token quota."""
        ...

    def failed(self) -> None:
        """Tell that it failed for another reason, which is no reason to slow down."""
        ...

    def unused(self) -> None:
        """Give it back: the call was not sent."""
        ...


class Paces(Protocol):
    """Lets calls leave one by one, as fast as the service allows."""

    async def permit(self, input_tokens: int, *, kind: str = "") -> Permit:
        """Wait for its turn; *kind* names questions whose answers are of a length."""
        ...


class Reservation(Protocol):
    """Part of the budget, held for one call. One of its methods is called; the first one counts."""

    def settle(self, usage: Usage | None, *, unknown_sends: int = 0) -> None:
        """Spend what the call took; None, and each further send of unknown end, is the worst case."""
        ...

    def free(self) -> None:
        """Give it back: the call was turned away, and is not billed."""
        ...

    def unused(self) -> None:
        """Give it back, and its pages: the call was not sent."""
        ...


class Budgets(Protocol):
    """Holds a run to what it may spend."""

    async def reserve(
        self, *, input_tokens: int, max_output_tokens: int, pages: int = 0, kind: str = "", price: Price | None = None
    ) -> Reservation:
        """Reserve the worst case of one call, waiting while calls in flight may still free room.

        Raises:
            BudgetReached: if it does not fit.
        """
        ...
