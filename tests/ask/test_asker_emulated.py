"""Asking over real sockets: the vendor's SDK, the emulated service's own buckets, a ledger on disk."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from time import monotonic
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from schemas.documents import PageFacts, PageImage, RenderedPage
from schemas.errors import BudgetReached, CredentialFault, Interrupted
from schemas.models import Limits
from tasks.ask import Asker, Patience
from tasks.backends import BackendSettings, create
from tasks.budget import Budget
from tasks.catalogue import load_models
from tasks.clock import SystemClock
from tasks.ledger import Ledger, open_ledger
from tasks.limiter import Limiter
from tests.ask.doubles import Listener, request
from tests.emulator import Emulator, Latency
from tests.emulator.pictures import picture

if TYPE_CHECKING:
    from tasks.ports import KeptAnswer

FAST = Limits(600_000, None, 2)
"""A rate so high that it never holds anything up."""


@dataclass
class Desk:
    """An asker over everything real but the service."""

    asker: Asker
    ledger: Ledger
    heard: Listener

    async def ask(self, page_no: int) -> KeptAnswer:
        asked = request(page_no)
        asked = replace(asked, recipe=replace(asked.recipe, backend="dashscope", model="qwen3-vl-plus"))
        image = PageImage(picture(64, 64, seed=page_no), "image/png", 64, 64)
        return await self.asker.ask(asked, [RenderedPage(page_no, PageFacts(), image)])

    async def ask_all(self, pages):
        return await asyncio.gather(*map(self.ask, pages), return_exceptions=True)

    @property
    def outcomes(self):
        return sorted(call.outcome for call in self.heard.calls)


@asynccontextmanager
async def desk(emulator, folder, *, limits=None, budget=None):
    spec = replace(load_models()["qwen3-vl-plus"], retired_on=None)
    settings = BackendSettings(spec, None, SecretStr(emulator.key), emulator.base_url, timeout=20.0)
    backend, clock, heard = create("dashscope", settings), SystemClock(), Listener()
    limiter = Limiter(limits or Limits(None, None, 64), clock)
    async with open_ledger(str(folder / "ledger.sqlite3")) as ledger:
        asker = Asker(
            backend=backend,
            limiter=limiter,
            budget=budget or Budget(),
            answers=ledger,
            clock=clock,
            reporter=heard,
            run_id="run",
            stop=asyncio.Event(),
            patience=Patience(first=0.05),
        )
        try:
            yield Desk(asker, ledger, heard)
        finally:
            await limiter.aclose()
            await backend.aclose()


async def test_every_send_is_journaled_and_every_token_is_the_services_own_count(emulator, tmp_path):
    async with desk(emulator, tmp_path, limits=FAST) as made:
        kept = await made.ask_all(range(1, 13))
        found = await made.ledger.kept([answer.request_key for answer in kept])
        rows = await made.ledger.calls_of([answer.request_key for answer in kept])
    totals = emulator.totals()

    assert len(found) == len({answer.request_key for answer in kept}) == 12
    assert {row.outcome for row in rows} == {"answered"}
    assert len(rows) == totals.requests == 12
    assert sum(row.input_tokens for row in rows) == totals.input_tokens
    assert sum(row.output_tokens for row in rows) == totals.output_tokens
    assert sum(row.image_tokens for row in rows) == totals.image_tokens


async def test_a_rate_that_nobody_told_costs_waiting_but_no_page_and_no_attempt(emulator, tmp_path):
    emulator.set_limits(rpm=120)
    async with desk(emulator, tmp_path) as made:
        kept = await made.ask_all(range(1, 13))
    totals = emulator.totals()

    assert len({answer.request_key for answer in kept}) == 12
    assert totals.answered == 12
    assert made.outcomes == ["answered"] * 12 + ["throttled"] * totals.throttled
    assert {call.attempt for call in made.heard.calls} == {1}
    assert totals.throttled <= 4


async def test_a_key_revoked_meanwhile_keeps_what_is_in_flight_and_sends_little_more(emulator, tmp_path):
    emulator.latency = Latency(base=0.3)
    async with desk(emulator, tmp_path, limits=FAST) as made:
        asking = [asyncio.create_task(made.ask(page)) for page in range(1, 9)]
        await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
        emulator.revoke_key()
        results = await asyncio.gather(*asking, return_exceptions=True)
    answered = emulator.totals().answered

    assert made.outcomes.count("answered") == answered >= 1
    assert 1 <= made.outcomes.count("fatal") <= 2
    assert len(emulator.calls) == len(made.heard.calls) <= 5
    assert {type(error) for error in results if isinstance(error, BaseException)} == {CredentialFault, Interrupted}


async def test_a_budget_in_the_middle_is_not_passed_and_the_rest_is_asked_later(emulator, tmp_path):
    async with desk(emulator, tmp_path, limits=FAST) as made:
        await made.ask(1)
        one = emulator.totals()
    each = one.input_tokens + one.output_tokens
    budget = Budget(max_tokens=12 * each + 2_000)
    async with desk(emulator, tmp_path, budget=budget, limits=replace(FAST, in_flight=20)) as made:
        results = await made.ask_all(range(2, 42))
    spent = emulator.totals()

    assert any(isinstance(result, BudgetReached) for result in results)
    assert budget.spent.tokens == spent.input_tokens + spent.output_tokens - each
    assert budget.spent.tokens <= 12 * each + 2_000 + 2_000


@pytest.mark.soak
@pytest.mark.parametrize(("rpm", "seconds"), [(600, 90)])
async def test_over_real_sockets_nearly_all_of_the_rate_is_used_and_hardly_any_send_refused(
    emulator: Emulator, tmp_path, rpm, seconds
):
    emulator.set_limits(rpm=rpm, burst=1.5)
    emulator.latency = Latency(base=1.5, jitter=0.8)
    ramp = 40.0
    async with desk(emulator, tmp_path, limits=Limits(rpm, None, 128)) as made:
        start = monotonic()
        pages = iter(range(1, 10_000))

        async def work():
            while monotonic() < start + seconds:
                await made.ask(next(pages))

        await asyncio.gather(*(work() for _ in range(100)))
    steady = [call for call in emulator.calls if start + ramp <= call.started < start + seconds - 2]
    totals = emulator.totals()

    assert totals.throttled <= 0.005 * totals.requests
    assert len(steady) >= 0.97 * rpm / 60 * (seconds - 2 - ramp)
