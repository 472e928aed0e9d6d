"""What the service saw: one entry for each request it received, never rewritten after its end."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Usage = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SeenImage:
    """A picture of a request as the service decoded it."""

    sha256: str
    width: int
    height: int
    tokens: int
    format: str
    size_bytes: int


@dataclass(slots=True)
class Call:
    """One request. `outcome`: open, answered, refused, throttled, fault, disconnected, stopped.

    `usage` is what the service counted; it is owed only where `billed`, which can be true of an answer that
    never reached the caller. `attempt` counts requests with the same `digest`.
    """

    number: int
    path: str
    at: datetime = field(default_factory=lambda: datetime.now(UTC))
    started: float = field(default_factory=monotonic)
    ended: float | None = None
    key: str | None = None
    account: str | None = None
    request_id: str = ""
    model: str | None = None
    stream: bool = False
    digest: str = ""
    attempt: int = 0
    prompt: str = field(default="", repr=False)
    images: tuple[SeenImage, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body_bytes: int = 0
    outcome: str = "open"
    fault: str | None = None
    status: int | None = None
    code: str | None = None
    usage: Usage = field(default_factory=dict)
    billed: bool = False

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "at": self.at.isoformat()}


@dataclass(slots=True)
class Tally:
    """Sums over calls. Token figures are of billed calls only."""

    requests: int = 0
    billed: int = 0
    answered: int = 0
    throttled: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    image_tokens: int = 0
    statuses: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        self.requests += 1
        self.answered += call.outcome == "answered"
        self.throttled += call.status == 429
        status = str(call.status)
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if call.fault:
            self.faults[call.fault] = self.faults.get(call.fault, 0) + 1
        if call.billed:
            self.billed += 1
            self.input_tokens += call.usage.get("input_tokens", 0)
            self.output_tokens += call.usage.get("output_tokens", 0)
            self.image_tokens += call.usage.get("image_tokens", 0)


@dataclass(slots=True)
class Totals(Tally):
    """All calls, and the same model by model."""

    per_model: dict[str, Tally] = field(default_factory=dict)
    open_calls: int = 0
    most_open: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class CallLog:
    """Append-only; read from any thread."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._lock = threading.Lock()
        self._open = 0
        self._most_open = 0

    def open(self, path: str, headers: Mapping[str, str], request_id: str) -> Call:
        with self._lock:
            call = Call(len(self._calls) + 1, path, headers=headers, request_id=request_id)
            self._calls.append(call)
            self._open += 1
            self._most_open = max(self._most_open, self._open)
        return call

    def close(self, call: Call) -> None:
        with self._lock:
            call.ended = monotonic()
            self._open -= 1

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls[:])

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, index: int) -> Call:
        return self._calls[index]

    def since(self, number: int) -> list[Call]:
        return self._calls[number:]

    def totals(self) -> Totals:
        sums = Totals(open_calls=self._open, most_open=self._most_open)
        for call in self:
            sums.add(call)
            if call.model:
                sums.per_model.setdefault(call.model, Tally()).add(call)
        return sums
