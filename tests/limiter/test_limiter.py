"""The queue before the pace."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import Interrupted, LedgerFault
from schemas.models import Limits
from schemas.usage import Usage
from tasks.limiter import Limiter, Unpaced
from tasks.limiter.limiter import IDLE
from tasks.limiter.meter import HEADROOM
from tasks.permits import Grant
from tests.limiter.quota import SharedInMemory
from tests.simulation import SimulatedClock, simulate


def test_turns_come_in_the_order_of_asking_whatever_the_size():
    async def story():
        limiter, order = Limiter(Limits(600, 60_000, 64), SimulatedClock()), []

        async def ask(name, tokens):
            await limiter.permit(tokens)
            order.append(name)

        await asyncio.gather(*(ask(name, 20_000 if name % 3 == 0 else 10) for name in range(12)))
        return order

    assert simulate(story()) == list(range(12))


def test_a_call_waits_for_one_in_flight_to_come_back():
    async def story():
        clock = SimulatedClock()
        limiter = Limiter(Limits(None, None, 1), clock)
        first = await limiter.permit(10)
        second = asyncio.create_task(limiter.permit(10))
        await clock.sleep(60)
        waited = not second.done()
        first.settle(None)
        await second
        return waited, clock.monotonic()

    assert simulate(story()) == (True, 60)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), in_flight=st.integers(1, 4), callers=st.integers(1, 20))
def test_no_permit_is_lost_when_callers_give_up(data, in_flight, callers):
    patience = data.draw(st.lists(st.floats(0, 3), min_size=callers, max_size=callers))
    work = data.draw(st.lists(st.floats(0, 2), min_size=callers, max_size=callers))
    ends = data.draw(
        st.lists(st.sampled_from(["settle", "throttled", "failed", "unused"]), min_size=callers, max_size=callers)
    )

    async def story():
        clock = SimulatedClock()
        limiter = Limiter(Limits(600, None, in_flight), clock)

        async def ask(number):
            permit = await limiter.permit(10)
            assert limiter.pace.in_flight <= in_flight
            try:
                await clock.sleep(work[number])
            finally:
                getattr(permit, ends[number])(*([None] if ends[number] in {"settle", "throttled"} else []))
                permit.unused()  # a second word does not count

        async def impatient(number):
            task = asyncio.create_task(ask(number))
            await asyncio.wait([task], timeout=patience[number])
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        await asyncio.gather(*map(impatient, range(callers)))
        left = limiter.pace.in_flight
        permit = await limiter.permit(10)
        permit.unused()
        await limiter.aclose()
        return left

    assert simulate(story()) == 0


@pytest.mark.parametrize("steps", range(5))
def test_a_permit_given_to_one_who_leaves_at_that_moment_goes_to_the_next(steps):
    async def story():
        clock = SimulatedClock()
        limiter = Limiter(Limits(None, None, 1), clock)
        held = await limiter.permit(10)
        leaving, staying = (asyncio.create_task(limiter.permit(10)) for _ in range(2))
        await clock.sleep(5)
        held.settle(None)
        for _ in range(steps):
            await asyncio.sleep(0)
        if leaving.cancel():
            await asyncio.gather(leaving, return_exceptions=True)
        else:
            leaving.result().unused()
        await asyncio.wait_for(staying, 5)
        return limiter.pace.in_flight

    assert simulate(story()) == 1


def test_limits_changed_meanwhile_let_those_who_wait_through():
    async def story():
        clock = SimulatedClock()
        limiter = Limiter(Limits(1, None, 64), clock)
        await limiter.permit(10)
        waiting = asyncio.create_task(limiter.permit(10))
        await clock.sleep(1)
        limiter.set_limits(Limits(None, None, 64))
        await waiting
        return clock.monotonic()

    assert simulate(story()) < 3


def test_the_output_of_answers_seen_is_charged_to_the_next_call():
    async def story(output):
        clock = SimulatedClock()
        limiter = Limiter(Limits(None, 60_000, 64), clock)
        for _ in range(20):
            permit = await limiter.permit(100)
            permit.settle(Usage(input_tokens=100, output_tokens=output))
        await clock.sleep(60)
        await limiter.permit(100)
        start = clock.monotonic()
        await limiter.permit(100)
        return clock.monotonic() - start

    assert simulate(story(10)) < simulate(story(10_000)) / 10


def test_who_asks_a_closed_limiter_is_told_so():
    async def story():
        limiter = Limiter(Limits(1, None, 64), SimulatedClock())
        await limiter.permit(10)
        waiting = asyncio.create_task(limiter.permit(10))
        await asyncio.sleep(0)
        await limiter.aclose()
        for late in (waiting, limiter.permit(10)):
            with pytest.raises(Interrupted):
                await late

    simulate(story())


def test_what_is_leased_and_not_used_goes_back():
    async def story(*, close):
        clock = SimulatedClock()
        quota = SharedInMemory(clock, requests=10, tokens=100_000)
        limiter = Limiter(Limits(600, 6_000_000, 64), clock, quota=quota)
        for _ in range(3):
            permit = await limiter.permit(1_000)
            permit.settle(Usage(input_tokens=1_000, output_tokens=50))
        if close:
            await limiter.aclose()
        else:
            await clock.sleep(3 * IDLE)
        return quota.out

    assert simulate(story(close=True)) == pytest.approx([3 / HEADROOM, 3_150 / HEADROOM])
    assert simulate(story(close=False)) == pytest.approx([3 / HEADROOM, 3_150 / HEADROOM])


def test_a_call_larger_than_the_shared_quota_ever_holds_gathers_its_tokens():
    async def story():
        clock = SimulatedClock()
        quota = SharedInMemory(clock, requests=10, tokens=1_000)
        limiter = Limiter(Limits(600, 60_000, 64), clock, quota=quota)
        permit = await limiter.permit(30_000)
        permit.unused()
        await limiter.aclose()
        return clock.monotonic()

    assert 25 < simulate(story()) < 40


def test_a_quota_that_cannot_be_asked_stops_those_who_wait():
    class Broken:
        async def take(self, *, requests: float, tokens: float) -> Grant:
            raise LedgerFault("the database is gone")

        async def give_back(self, *, requests: float, tokens: float) -> None: ...

    async def story():
        limiter = Limiter(Limits(600, None, 64), SimulatedClock(), quota=Broken())
        results = await asyncio.gather(*(limiter.permit(1) for _ in range(3)), return_exceptions=True)
        await limiter.aclose()
        return results

    assert all(isinstance(result, LedgerFault) for result in simulate(story()))


def test_an_unpaced_recognizer_is_bounded_in_flight_only():
    async def story():
        clock = SimulatedClock()
        unpaced = Unpaced(2)
        first, _ = await unpaced.permit(), await unpaced.permit()
        third = asyncio.create_task(unpaced.permit())
        await clock.sleep(1)
        waited = not third.done()
        first.settle(None)
        first.unused()
        await third
        fourth = asyncio.create_task(unpaced.permit())
        await clock.sleep(1)
        still = not fourth.done()
        fourth.cancel()
        return waited, still

    assert simulate(story()) == (True, True)
