"""Which request meets which fault: by queue, by predicate, or by a seeded rate over request digest and attempt.

The names are keys of `CATALOGUE`. A fault that does not fit a request (a stream's fault, a plain call) passes it by.
"""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from tests.emulator.reply import BEHAVIOURS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.emulator.question import Question

    Predicate = Callable[[Question], bool]

Kind = Literal["status", "body", "transport", "stream", "answer"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A way to fail. `billed` says whether the service had generated an answer, and charges for it."""

    name: str
    kind: Kind
    billed: bool
    applies: Literal["plain", "stream", "any"] = "any"


_STATUS = (
    "429", "429-tokens", "429-burst", "429-plain", "429-billing", "500", "500-timeout", "503", "400-blocked",
    "400-download", "400-parameter", "401", "403", "403-free-tier", "404", "413", "502-html", "502-not-utf8",
    "500-openai", "500-broken-json",
)  # fmt: skip
_BODY_UNBILLED = ("200-error", "200-html")
_BODY_BILLED = ("200-output-null", "200-output-empty", "200-empty", "200-truncated")

CATALOGUE: dict[str, Fault] = {
    fault.name: fault
    for fault in (
        *(Fault(name, "status", billed=False) for name in _STATUS),
        *(Fault(name, "body", billed=False, applies="plain") for name in _BODY_UNBILLED),
        *(Fault(name, "body", billed=True, applies="plain") for name in _BODY_BILLED),
        Fault("short-body", "transport", billed=True, applies="plain"),
        Fault("chunked-cut", "transport", billed=True, applies="plain"),
        Fault("drip", "transport", billed=True, applies="plain"),
        Fault("hang", "transport", billed=True),
        Fault("reset", "transport", billed=False),
        Fault("reset-after", "transport", billed=True),
        Fault("close", "transport", billed=False),
        Fault("sse-error", "stream", billed=False, applies="stream"),
        Fault("sse-cut", "stream", billed=True, applies="stream"),
        Fault("sse-stall", "stream", billed=True, applies="stream"),
        Fault("sse-no-finish", "stream", billed=True, applies="stream"),
        *(Fault(name, "answer", billed=True) for name in BEHAVIOURS),
    )
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """A fault with the settings it was ordered with (seconds of a drip, of a Retry-After, …)."""

    fault: Fault
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class _Order:
    """A fault waiting for requests; *left* None is for good."""

    chosen: Chosen
    left: int | None
    when: Predicate | None

    def takes(self, question: Question) -> bool:
        if self.left == 0 or not fits(self.chosen.fault, question):
            return False
        return self.when is None or self.when(question)


@dataclass(frozen=True, slots=True)
class _Rate:
    shares: Mapping[str, float]
    seed: int
    attempts: int | None
    settings: Mapping[str, Any]


def fits(fault: Fault, question: Question) -> bool:
    """Whether this request can meet that fault."""
    return fault.applies == "any" or (fault.applies == "stream") == question.stream


class FaultPlan:
    """What goes wrong, and when. Empty, nothing does. Safe to change from any thread, at any time."""

    def __init__(self) -> None:
        self._orders: list[_Order] = []
        self._rates: list[_Rate] = []
        self._lock = threading.Lock()

    def next(self, name: str, *, times: int = 1, when: Predicate | None = None, **settings: object) -> None:
        """Let the next *times* requests (that *when* holds for) meet the fault, in the order of the orders."""
        with self._lock:
            self._orders.append(_Order(Chosen(CATALOGUE[name], settings), times, when))

    def always(self, name: str, *, when: Predicate | None = None, **settings: object) -> None:
        """Let every request (that *when* holds for) meet the fault."""
        with self._lock:
            self._orders.append(_Order(Chosen(CATALOGUE[name], settings), None, when))

    def rate(
        self, shares: Mapping[str, float], *, seed: int = 0, attempts: int | None = None, **settings: object
    ) -> None:
        """Let each fault meet its share (0-1) of requests.

        Which ones follows from *seed*, the request's digest and its attempt: the same requests fail whatever the
        order they come in, and a repetition draws anew. After *attempts* of a request it is left alone.
        """
        unknown = shares.keys() - CATALOGUE.keys()
        if unknown:
            raise KeyError(*unknown)
        with self._lock:
            self._rates.append(_Rate(dict(shares), seed, attempts, settings))

    def clear(self) -> None:
        with self._lock:
            self._orders.clear()
            self._rates.clear()

    def choose(self, question: Question, attempt: int) -> Chosen | None:
        """Decide about one request. *attempt* counts from 1."""
        with self._lock:
            for order in self._orders:
                if order.takes(question):
                    order.left = None if order.left is None else order.left - 1
                    self._orders = [kept for kept in self._orders if kept.left != 0]
                    return order.chosen
            return next((drawn for rate in self._rates if (drawn := _draw(rate, question, attempt))), None)


def _draw(rate: _Rate, question: Question, attempt: int) -> Chosen | None:
    if rate.attempts is not None and attempt > rate.attempts:
        return None
    drawn = random.Random(f"{rate.seed}:{question.digest}:{attempt}").random()
    for name, share in rate.shares.items():
        if drawn < share:
            fault = CATALOGUE[name]
            return Chosen(fault, rate.settings) if fits(fault, question) else None
        drawn -= share
    return None
