"""A service in simulated time: the emulator's own buckets, latencies that vary, and a count of what it did."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from schemas.usage import Usage
from tests.emulator.limits import Limits as Buckets
from tests.emulator.limits import Quota
from tests.emulator.refusal import Refusal

if TYPE_CHECKING:
    from tasks.permits import Paces
    from tasks.ports import Clock


class Admission(Protocol):
    """Decides about a request; raises `Refusal`."""

    def admit(self, account: str, model: str) -> None: ...

    def admit_tokens(self, account: str, model: str, tokens: int) -> None: ...

    def spend(self, account: str, model: str, tokens: int) -> None: ...


class StrictWindow:
    """Never more than *most* requests in any one second: no bucket forgives jitter here."""

    def __init__(self, most: int, clock: Clock) -> None:
        self._most = most
        self._clock = clock
        self._recent: deque[float] = deque()

    def admit(self, account: str, model: str) -> None:
        now = self._clock.monotonic()
        while self._recent and self._recent[0] <= now - 1:
            self._recent.popleft()
        if len(self._recent) >= self._most:
            raise Refusal(429, "Throttling.RateQuota", "too many in this second", by_gateway=True)
        self._recent.append(now)

    def admit_tokens(self, account: str, model: str, tokens: int) -> None: ...

    def spend(self, account: str, model: str, tokens: int) -> None: ...


class Moody(Buckets):
    """Refuses a share of requests whatever their pace, and otherwise what is beyond its quota."""

    def __init__(self, share: float, quota: Quota, clock: Clock, *, seed: int) -> None:
        super().__init__(quota, clock.monotonic)
        self._share = share
        self._random = random.Random(seed)

    def admit(self, account: str, model: str) -> None:
        if self._random.random() < self._share:
            raise Refusal(429, "Throttling", "not now", by_gateway=True)
        super().admit(account, model)


@dataclass
class Traffic:
    """What a service saw: when it answered and how much, and when it refused."""

    sends: list[float] = field(default_factory=list)
    answered: list[tuple[float, int]] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)

    def requests(self, since: float, until: float) -> int:
        return sum(since <= at < until for at, _ in self.answered)

    def tokens(self, since: float, until: float) -> int:
        return sum(tokens for at, tokens in self.answered if since <= at < until)

    def refused_share(self, since: float, until: float) -> float:
        sent = sum(since <= at < until for at in self.sends)
        return sum(since <= at < until for at in self.refused) / max(sent, 1)


class SimulatedService:
    """Answers after 2 to 12 seconds, refuses after a tenth of one; a send takes 20 to 60 ms to arrive."""

    def __init__(self, clock: Clock, admission: Admission, *, seed: int = 0, jitter: float = 0.04) -> None:
        self._clock = clock
        self.admission = admission
        self._random = random.Random(seed)
        self._jitter = jitter
        self.traffic = Traffic()

    @classmethod
    def of(cls, clock: Clock, quota: Quota, *, seed: int = 0) -> SimulatedService:
        return cls(clock, Buckets(quota, clock.monotonic), seed=seed)

    async def call(self, input_tokens: int, output_tokens: int) -> Usage:
        self.traffic.sends.append(self._clock.monotonic())
        await self._clock.sleep(0.02 + self._random.uniform(0, self._jitter))
        arrived = self._clock.monotonic()
        try:
            self.admission.admit("account", "model")
            self.admission.admit_tokens("account", "model", input_tokens)
        except Refusal:
            self.traffic.refused.append(arrived)
            await self._clock.sleep(0.05)
            raise
        await self._clock.sleep(self._random.triangular(2, 12, 4))
        self.admission.spend("account", "model", output_tokens)
        self.traffic.answered.append((arrived, input_tokens + output_tokens))
        return Usage(input_tokens=input_tokens, output_tokens=output_tokens)


@dataclass
class Sender:
    """Asks as much as the limiter lets it, for a while; asks again what was refused."""

    clock: Clock
    service: SimulatedService
    limiter: Paces
    workers: int = 400
    input_tokens: tuple[int, int] = (2_400, 3_000)
    output_tokens: tuple[int, int] = (100, 1_500)
    seed: int = 1

    async def send_until(self, end: float) -> None:
        draw = random.Random(self.seed)
        tasks = [asyncio.create_task(self._work(draw)) for _ in range(self.workers)]
        await self.clock.sleep(end - self.clock.monotonic())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _work(self, draw: random.Random) -> None:
        while True:
            await self._ask(draw.randint(*self.input_tokens), draw.randint(*self.output_tokens))

    async def _ask(self, input_tokens: int, output_tokens: int) -> None:
        while True:
            permit = await self.limiter.permit(input_tokens)
            try:
                permit.settle(await self.service.call(input_tokens, output_tokens))
            except Refusal as refusal:
                permit.throttled(refusal.retry_after)
            else:
                return
