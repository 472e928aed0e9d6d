"""The emulated service's state: who may ask what how often, what it answers, what it saw."""

from __future__ import annotations

import asyncio
import random
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from tests.emulator import refusal
from tests.emulator.answers import Mind
from tests.emulator.faults import FaultPlan
from tests.emulator.limits import Limits, Quota
from tests.emulator.log import CallLog, Totals
from tests.emulator.models import TEXT_MODELS, Model, current

DEFAULT_KEY = "sk-emulator"
DEFAULT_ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds an answer takes: *base*, and *per_token* for each output token, times 1 plus or minus *jitter*."""

    base: float = 0.0
    per_token: float = 0.0
    jitter: float = 0.0

    def of(self, output_tokens: int, dice: random.Random) -> float:
        spread = 1 + self.jitter * dice.uniform(-1, 1) if self.jitter else 1
        return (self.base + self.per_token * output_tokens) * spread


class Service(Mind):
    """Everything that can be set from outside, while it runs, from any thread."""

    def __init__(self, *, seed: int = 0, quota: Quota | None = None, keys: dict[str, str] | None = None) -> None:
        super().__init__()
        self.keys = dict(keys or {DEFAULT_KEY: DEFAULT_ACCOUNT})
        self.models: dict[str, Model] = current()
        self.limits = Limits(quota or Quota())
        self.plan = FaultPlan()
        self.calls = CallLog()
        self.time_limit: float | None = None
        self.crashes: list[BaseException] = []
        self._latency = Latency()
        self._arrears: set[str] = set()
        self._attempts: Counter[str] = Counter()
        self._dice = random.Random(seed)
        self._lock = threading.Lock()
        self.stopping = asyncio.Event()

    @property
    def latency(self) -> Latency:
        """How long an answer takes; a plain number sets its base."""
        return self._latency

    @latency.setter
    def latency(self, value: Latency | float) -> None:
        self._latency = value if isinstance(value, Latency) else Latency(value)

    @property
    def key(self) -> str:
        """A key that is accepted (the first)."""
        return next(iter(self.keys), "")

    def totals(self) -> Totals:
        """Sum up everything received so far."""
        return self.calls.totals()

    def set_limits(self, *, model: str | None = None, **changes: Any) -> None:
        """Change the quota: rpm, tpm, rps, tps, burst, retry_after; of one model or of all."""
        self.limits.set(model=model, **changes)

    def add_key(self, key: str, account: str = DEFAULT_ACCOUNT) -> None:
        """Accept another key; keys of one account share its quota."""
        self.keys[key] = account

    def revoke_key(self, key: str | None = None) -> None:
        """Refuse a key from now on; None is all."""
        for gone in [key] if key else list(self.keys):
            self.keys.pop(gone, None)

    def set_arrears(self, *, on: bool = True, account: str = DEFAULT_ACCOUNT) -> None:
        """Let an account be overdue, or paid again."""
        (self._arrears.add if on else self._arrears.discard)(account)

    def retire_model(self, name: str) -> None:
        self.models[name] = replace(self.models[name], retired=True)

    def restore_model(self, name: str) -> None:
        self.models[name] = replace(self.models[name], retired=False)

    # what the handlers ask

    def account_of(self, key: str | None) -> str:
        """Give the account that a key belongs to, or refuse."""
        account = self.keys.get(key or "")
        if account is None:
            raise refusal.bad_key()
        if account in self._arrears:
            raise refusal.arrears()
        return account

    def model_named(self, name: object) -> Model:
        """Find a model that is served here, or refuse."""
        if not isinstance(name, str) or not name:
            message = "Field required: model"
            raise refusal.bad_parameter(message)
        if name in TEXT_MODELS:
            raise refusal.wrong_endpoint()
        model = self.models.get(name)
        if model is None or model.retired:
            raise refusal.no_model()
        return model

    def attempt(self, digest: str) -> int:
        """Count one more request of that digest, from 1."""
        with self._lock:
            self._attempts[digest] += 1
            return self._attempts[digest]

    def new_request_id(self) -> str:
        with self._lock:
            return str(uuid.UUID(int=self._dice.getrandbits(128), version=4))

    def answer_time(self, output_tokens: int) -> float:
        with self._lock:
            return self._latency.of(output_tokens, self._dice)
