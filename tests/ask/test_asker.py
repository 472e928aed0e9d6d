"""A call's whole life, over every port in memory and in simulated time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta

import pytest

from schemas.errors import (
    AccountFault,
    BlockedContent,
    BudgetReached,
    CallTimeout,
    CredentialFault,
    DocumentError,
    Interrupted,
    LedgerFault,
    ThrottledCall,
    TransientCallError,
)
from schemas.models import Limits
from schemas.requests import Turn
from schemas.tokens import input_tokens
from schemas.usage import Usage
from tasks.ask import Asker, Patience
from tasks.budget import Budget
from tasks.limiter import Limiter, Unpaced
from tests.ask.doubles import USAGE, AnswersInMemory, Listener, ScriptedBackend, answer, rendered, request, wire_send
from tests.simulation import SimulatedClock, simulate

WORST = input_tokens(request(), [rendered()]) + 2_000
"""What one request may take at most."""


@dataclass
class Bench:
    """An asker and all that it works with."""

    clock: SimulatedClock
    backend: ScriptedBackend
    limiter: Limiter | Unpaced
    budget: Budget
    answers: AnswersInMemory
    listener: Listener
    stop: asyncio.Event
    asker: Asker

    @classmethod
    def of(cls, *script, reads="pixels", budget=None, patience=None, limits=None):
        clock, stop, listener = SimulatedClock(), asyncio.Event(), Listener()
        backend = ScriptedBackend(clock, list(script), reads=reads)
        limits = limits or Limits(None, None, 64)
        limiter = Unpaced(limits.in_flight) if reads == "document" else Limiter(limits, clock)
        budget, answers = budget or Budget(max_tokens=1_000_000), AnswersInMemory(clock)
        asker = Asker(
            backend=backend,
            limiter=limiter,
            budget=budget,
            answers=answers,
            clock=clock,
            reporter=listener,
            run_id="run",
            stop=stop,
            patience=patience or Patience(),
        )
        return cls(clock, backend, limiter, budget, answers, listener, stop, asker)

    async def ask(self, page_no=1, **extra):
        return await self.asker.ask(request(page_no, **extra), [rendered(page_no)])

    def nothing_is_held(self):
        return not self.limiter.pace.in_flight and not self.budget.reserved.tokens


def dropped(status=None):
    return TransientCallError("connection reset", sends=(wire_send(status),))


def throttled(**extra):
    return ThrottledCall("slower", status=429, code="Throttling.RateQuota", sends=(wire_send(429),), **extra)


def test_an_answer_is_kept_with_its_call_and_what_judging_needs():
    async def story():
        bench = Bench.of(answer())
        kept = await bench.ask()
        return bench, kept

    bench, kept = simulate(story())
    (row,) = bench.answers.rows.values()

    assert bench.answers.answers == {request().key: kept}
    assert kept.image_sizes == ((1_024, 1_440),)
    assert kept.facts == (rendered().facts,)
    assert (row.outcome, row.attempt, row.lane, row.pages, row.run_id) == ("answered", 1, "realtime", "1", "run")
    assert (row.input_tokens, row.output_tokens, row.image_tokens) == (1_600, 400, 1_500)
    assert json.loads(row.usage_raw)["a field that nobody knows"] is True
    assert (row.http_status, row.request_id, row.stop_reason) == (200, "r-1", "stop")
    assert row.cost is None
    assert bench.listener.calls == [row]
    assert bench.budget.spent.tokens == USAGE.total_tokens
    assert bench.nothing_is_held()


def test_the_journal_knows_of_a_send_before_it_leaves():
    async def story():
        bench = Bench.of(answer())
        seen = []
        bench.backend.meanwhile = lambda: seen.extend(bench.answers.outcomes)
        await bench.ask()
        return seen

    assert simulate(story()) == ["open"]


def test_a_send_that_the_transport_repeated_has_a_row_of_its_own():
    async def story():
        bench = Bench.of(answer(sends=(wire_send(None), wire_send(200))))
        await bench.ask()
        return bench

    bench = simulate(story())

    assert bench.answers.outcomes == ["transient", "answered"]
    assert [row.input_tokens for row in bench.answers.rows.values()] == [0, 1_600]
    assert bench.budget.spent.tokens == USAGE.total_tokens + WORST


def test_transient_faults_are_asked_again_with_growing_pauses_and_counted_attempts():
    async def story():
        bench = Bench.of(dropped(500), dropped(503), dropped(502), answer())
        await bench.ask()
        return bench

    bench = simulate(story())

    assert bench.answers.outcomes == ["transient", "transient", "transient", "answered"]
    assert [row.attempt for row in bench.answers.rows.values()] == [1, 2, 3, 4]
    assert bench.budget.spent.tokens == USAGE.total_tokens
    assert bench.nothing_is_held()


def test_attempts_are_capped():
    async def story():
        bench = Bench.of(dropped(500), patience=Patience(attempts=3))
        with pytest.raises(TransientCallError, match="connection reset"):
            await bench.ask()
        return bench

    bench = simulate(story())

    assert bench.answers.outcomes == ["transient"] * 3
    assert bench.answers.answers == {}


def test_patience_is_capped_in_time():
    async def story():
        bench = Bench.of(dropped(500), patience=Patience(attempts=1_000, seconds=300))
        with pytest.raises(TransientCallError):
            await bench.ask()
        return bench.clock.monotonic(), len(bench.backend.asked_at)

    ended, sends = simulate(story())

    assert 200 < ended < 320
    assert sends < 40


def test_throttling_never_costs_an_attempt():
    async def story():
        bench = Bench.of(*[throttled()] * 20, answer(), patience=Patience(attempts=1, seconds=10_000))
        await bench.ask()
        return bench

    bench = simulate(story())

    assert bench.answers.outcomes == ["throttled"] * 20 + ["answered"]
    assert {row.attempt for row in bench.answers.rows.values()} == {1}
    assert bench.budget.spent.tokens == USAGE.total_tokens


def test_throttling_without_end_ends_patience():
    async def story():
        bench = Bench.of(throttled())
        with pytest.raises(ThrottledCall):
            await bench.ask()
        return bench.clock.monotonic(), bench.nothing_is_held()

    ended, nothing_is_held = simulate(story())

    assert 800 < ended < 1_000
    assert nothing_is_held


def test_the_time_that_the_service_named_is_waited_for():
    async def story():
        bench = Bench.of(throttled(retry_after=30.0), answer())
        await bench.ask()
        return bench.backend.asked_at

    first, second = simulate(story())

    assert second >= first + 1 + 30


def test_a_time_out_is_asked_again_once_and_counts_as_billed():
    async def story():
        bench = Bench.of(CallTimeout("no answer", sends=(wire_send(None),)), patience=Patience(attempts=10))
        with pytest.raises(CallTimeout):
            await bench.ask()
        return bench

    bench = simulate(story())

    assert bench.answers.outcomes == ["timeout", "timeout"]
    assert bench.budget.spent.tokens == 2 * WORST


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (BlockedContent("blocked", status=400, code="DataInspectionFailed", sends=(wire_send(400),)), "permanent"),
        (CredentialFault("the key is wrong", code="InvalidApiKey", status=401, sends=(wire_send(401),)), "fatal"),
        (AccountFault("arrears", code="Arrearage", status=400, sends=(wire_send(400),)), "fatal"),
    ],
)
def test_what_asking_again_cannot_help_goes_up_at_once_and_is_journaled(error, outcome):
    async def story():
        bench = Bench.of(error, answer())
        with pytest.raises(type(error)):
            await bench.ask()
        return bench

    bench = simulate(story())
    (row,) = bench.answers.rows.values()

    assert (row.outcome, row.http_status, row.code, row.message) == (outcome, error.status, error.code, str(error))
    assert bench.budget.spent.tokens == 0
    assert bench.nothing_is_held()


def test_after_a_fatal_answer_nothing_more_is_sent_and_what_is_in_flight_is_kept():
    async def story():
        bench = Bench.of(answer(), CredentialFault("the key is wrong", status=401), limits=Limits(60_000, None, 2))
        results = await asyncio.gather(*map(bench.ask, range(1, 9)), return_exceptions=True)
        return bench, results

    bench, results = simulate(story())

    assert list(bench.answers.answers) == [request(1).key]
    assert {type(error) for error in results[1:]} == {CredentialFault, Interrupted}
    assert bench.stop.is_set()
    assert len(bench.backend.asked_at) <= 3
    assert bench.nothing_is_held()


def test_a_call_that_failed_before_anything_was_sent_closes_its_row():
    async def story():
        bench = Bench.of(TransientCallError("no route", code="NotSent"), patience=Patience(attempts=1))
        with pytest.raises(TransientCallError):
            await bench.ask()
        return bench

    bench = simulate(story())
    (row,) = bench.answers.rows.values()

    assert (row.outcome, row.code) == ("transient", "NotSent")
    assert row.ended_at is not None
    assert bench.budget.spent.tokens == 0


def test_an_answer_that_does_not_say_what_it_took_counts_as_the_worst_case():
    async def story():
        bench = Bench.of(answer(usage=Usage()))
        await bench.ask()
        return bench.budget.spent.tokens

    assert simulate(story()) == WORST


def test_stopping_lets_what_is_in_flight_end_and_sends_nothing_more():
    async def story():
        bench = Bench.of(answer(), limits=Limits(None, None, 1))
        flying, waiting = (asyncio.create_task(bench.ask(page)) for page in (1, 2))
        await bench.clock.sleep(0.5)
        bench.stop.set()
        kept = await flying
        with pytest.raises(Interrupted):
            await waiting
        with pytest.raises(Interrupted):
            await bench.ask(3)
        return bench, kept

    bench, kept = simulate(story())

    assert list(bench.answers.answers.values()) == [kept]
    assert bench.answers.outcomes == ["answered"]
    assert bench.nothing_is_held()
    assert bench.budget.spent.pages == 1


def test_stopping_ends_a_pause_between_attempts():
    async def story():
        bench = Bench.of(dropped(500), patience=Patience(attempts=100, first=60.0))
        asking = asyncio.create_task(bench.ask())
        await bench.clock.sleep(2)
        bench.stop.set()
        with pytest.raises(Interrupted):
            await asking
        return bench.clock.monotonic(), bench.nothing_is_held()

    assert simulate(story()) == (2, True)


def test_stopping_ends_the_wait_for_the_budget():
    async def story():
        bench = Bench.of(answer(), budget=Budget(max_tokens=WORST + 10))
        asking = [asyncio.create_task(bench.ask(page)) for page in (1, 2)]
        await bench.clock.sleep(0.5)
        bench.stop.set()
        return await asyncio.gather(*asking, return_exceptions=True)

    first, second = simulate(story())

    assert first.request_key == request(1).key
    assert isinstance(second, Interrupted)


def test_a_budget_that_is_reached_sends_nothing():
    async def story():
        bench = Bench.of(answer(), budget=Budget(max_tokens=100))
        with pytest.raises(BudgetReached):
            await bench.ask()
        return bench.answers.rows, bench.backend.asked_at

    assert simulate(story()) == ({}, [])


def test_pages_count_once_however_often_and_in_how_many_turns_they_are_asked():
    async def story():
        bench = Bench.of(dropped(500), throttled(), answer(), budget=Budget(max_pages=1))
        await bench.ask()
        await bench.ask(more_turns=(Turn("assistant", "{"), Turn("user", "That is no JSON.")))
        return bench.budget.spent.pages

    assert simulate(story()) == 1


def test_a_cancelled_call_leaves_its_row_open_and_holds_nothing():
    async def story():
        bench = Bench.of(answer())
        asking = asyncio.create_task(bench.ask())
        await bench.clock.sleep(0.5)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return bench

    bench = simulate(story())

    assert bench.answers.outcomes == ["open"]
    assert bench.nothing_is_held()
    assert bench.budget.spent.tokens == WORST


def test_a_cancellation_while_the_answer_is_written_does_not_lose_it():
    async def story():
        bench = Bench.of(answer())
        bench.answers.seconds = 1.0
        asking = asyncio.create_task(bench.ask())
        await bench.clock.sleep(2.5)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return bench.answers, asking.cancelled()

    answers, cancelled = simulate(story())

    assert list(answers.answers) == [request().key]
    assert answers.outcomes == ["answered"]
    assert cancelled


@pytest.mark.parametrize("moment", [0.0, 0.005])
def test_a_call_cancelled_before_it_left_costs_nothing(moment):
    async def story():
        bench = Bench.of(answer())
        asking = asyncio.create_task(bench.ask())
        await bench.clock.sleep(moment)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        return bench.backend.asked_at, bench.nothing_is_held(), bench.budget.spent.pages

    assert simulate(story()) == ([], True, 0)


def test_a_ledger_that_fails_stops_the_call_before_it_leaves():
    class Full(AnswersInMemory):
        async def open_call(self, call):
            raise LedgerFault("no space left")

    async def story():
        bench = Bench.of(answer())
        object.__setattr__(bench.asker, "answers", Full(bench.clock))
        with pytest.raises(LedgerFault):
            await bench.ask()
        return bench.backend.asked_at, bench.nothing_is_held()

    assert simulate(story()) == ([], True)


def test_a_backend_that_reads_documents_is_bounded_but_neither_paced_nor_journaled():
    async def story():
        bench = Bench.of(answer(sends=()), reads="document", limits=Limits(in_flight=2), budget=Budget(max_tokens=1))
        await asyncio.gather(*(bench.asker.ask(request(page), ()) for page in range(1, 7)))
        return bench

    bench = simulate(story())

    assert len(bench.answers.answers) == 6
    assert bench.answers.rows == {}
    assert bench.backend.most_in_flight == 2


def test_pages_read_on_this_machine_count_against_a_limit_on_pages():
    async def story():
        bench = Bench.of(answer(sends=()), reads="document", budget=Budget(max_pages=2))
        asked = (bench.asker.ask(request(page), ()) for page in range(1, 6))
        came = await asyncio.gather(*asked, return_exceptions=True)
        return len(bench.answers.answers), [type(each) for each in came if isinstance(each, BaseException)]

    assert simulate(story()) == (2, [BudgetReached] * 3)


def test_a_document_that_cannot_be_read_is_not_read_again():
    async def story():
        bench = Bench.of(DocumentError("torn"), reads="document")
        for _ in range(70):  # more than may be in flight: each gives its place back
            with pytest.raises(DocumentError):
                await bench.asker.ask(request(), ())
        return len(bench.backend.asked_at)

    assert simulate(story()) == 70


def test_a_clock_that_is_put_back_changes_no_waiting():
    async def story(hours):
        bench = Bench.of(throttled(retry_after=5.0), dropped(500), answer(), patience=Patience(first=0.0))
        bench.backend.meanwhile = lambda: bench.clock.jump(timedelta(hours=hours))
        await bench.ask()
        return bench.backend.asked_at

    assert simulate(story(0)) == simulate(story(-5)) == simulate(story(5))
