"""Money, tokens and pages: reserved before a call, settled after it, never passed."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import BudgetReached, UsageFault
from schemas.models import Price, PriceTier
from schemas.spending import Spending
from schemas.usage import Usage
from tasks.budget import Budget
from tasks.forecast import OutputForecast
from tests.simulation import SimulatedClock, simulate

PRICE = Price("CNY", (PriceTier(32_000, 1.0, 10.0), PriceTier(None, 2.0, 20.0)), date(2026, 1, 1), "a price list")
UNKNOWN = Price("CNY", (PriceTier(None, 1.0, None),), date(2026, 1, 1), "half a price list")
MAX_OUTPUT = 8_000


async def spend(budget, usage, **pages):
    reservation = await budget.reserve(input_tokens=usage.input_tokens, max_output_tokens=MAX_OUTPUT, **pages)
    reservation.settle(usage)


@settings(max_examples=60, deadline=None)
@given(
    outputs=st.lists(st.integers(0, MAX_OUTPUT), min_size=1, max_size=80),
    limit=st.integers(3_000, 200_000),
    in_flight=st.integers(1, 50),
)
def test_no_more_is_spent_than_the_limit_and_one_answers_excess(outputs, limit, in_flight):
    async def story():
        clock, budget, room = SimulatedClock(), Budget(max_tokens=limit), asyncio.Semaphore(in_flight)

        async def ask(output):
            async with room:
                reservation = await budget.reserve(input_tokens=1_000, max_output_tokens=MAX_OUTPUT)
                await clock.sleep(1 + output % 7)
                reservation.settle(Usage(input_tokens=1_000, output_tokens=output))

        results = await asyncio.gather(*map(ask, outputs), return_exceptions=True)
        return budget, [result for result in results if result is not None]

    budget, errors = simulate(story())

    assert all(isinstance(error, BudgetReached) for error in errors)
    assert budget.spent.tokens <= limit + MAX_OUTPUT
    assert budget.reserved == Spending()
    if errors:
        assert budget.spent.tokens >= limit - 1_000 - MAX_OUTPUT


def test_a_thousand_pages_two_hundred_at_once_stop_at_the_limit_and_go_on_with_a_higher_one():
    answer = Usage(input_tokens=2_700, output_tokens=700)
    cost = PRICE.cost(answer)

    async def story(limit, spent, pages):
        clock, room, done = SimulatedClock(), asyncio.Semaphore(200), []
        budget = Budget(max_cost=limit, price=PRICE, spent=spent)

        async def ask(page):
            async with room:
                reservation = await budget.reserve(input_tokens=2_700, max_output_tokens=MAX_OUTPUT, pages=1)
                await clock.sleep(5)
                reservation.settle(answer)
                done.append(page)

        await asyncio.gather(*map(ask, pages), return_exceptions=True)
        return budget.spent, done

    spent, first = simulate(story(500 * cost, Spending(), range(1_000)))
    rest = sorted(set(range(1_000)) - set(first))
    spent, second = simulate(story(1_100 * cost, spent, rest))

    assert 495 <= len(first) <= 500
    assert sorted(first + second) == list(range(1_000))
    assert spent.cost == pytest.approx(1_000 * cost)
    assert spent.pages == 1_000


def test_near_the_limit_calls_go_one_by_one():
    async def story():
        clock, budget, together = SimulatedClock(), Budget(max_tokens=20_000), []

        async def ask():
            reservation = await budget.reserve(input_tokens=1_000, max_output_tokens=MAX_OUTPUT)
            together.append(round(budget.reserved.tokens / 9_000))
            await clock.sleep(1)
            reservation.settle(Usage(input_tokens=1_000, output_tokens=800))

        await asyncio.gather(*(ask() for _ in range(15)), return_exceptions=True)
        return together

    together = simulate(story())

    assert max(together) == 2
    assert together[-4:] == [1, 1, 1, 1]
    assert len(together) == 11


def test_the_last_call_passes_if_its_likely_answer_fits():
    async def story():
        forecast = OutputForecast(prior=500)
        budget = Budget(max_tokens=2_000, forecast=forecast)
        await spend(budget, Usage(input_tokens=1_000, output_tokens=400))
        with pytest.raises(BudgetReached):
            await spend(budget, Usage(input_tokens=1_000, output_tokens=400))
        return budget.spent.tokens

    assert simulate(story()) == 1_400


def test_what_is_not_known_counts_as_the_worst_case():
    async def story():
        budget = Budget(max_tokens=1_000_000)
        lost = await budget.reserve(input_tokens=1_000, max_output_tokens=MAX_OUTPUT)
        lost.settle(None)
        resent = await budget.reserve(input_tokens=1_000, max_output_tokens=MAX_OUTPUT)
        resent.settle(Usage(input_tokens=1_000, output_tokens=10), unknown_sends=1)
        return budget.spent.tokens

    assert simulate(story()) == 9_000 + 1_010 + 9_000


def test_what_was_turned_away_costs_nothing_and_what_was_not_sent_not_even_its_page():
    async def story():
        budget = Budget(max_tokens=10_000, max_pages=1)
        never = await budget.reserve(input_tokens=1_000, max_output_tokens=MAX_OUTPUT, pages=1)
        never.unused()
        refused = await budget.reserve(input_tokens=1_000, max_output_tokens=MAX_OUTPUT, pages=1)
        refused.free()
        refused.settle(None)  # a second word does not count
        return budget.spent

    assert simulate(story()) == Spending(pages=1)


def test_pages_beyond_the_limit_are_refused_when_those_that_it_allows_are_read():
    async def story():
        budget = Budget(max_pages=2)
        held = await budget.reserve(input_tokens=1, max_output_tokens=1, pages=2)
        beyond = asyncio.ensure_future(budget.reserve(input_tokens=1, max_output_tokens=1, pages=1))
        again = await budget.reserve(input_tokens=1, max_output_tokens=1, pages=0)
        held.settle(Usage(1, 1))
        again.free()
        with pytest.raises(BudgetReached, match="limit of 2 pages") as reached:
            await beyond
        assert "--max-pages" in reached.value.advice

    simulate(story())


def test_a_page_that_was_not_asked_after_all_is_there_for_the_next():
    async def story():
        budget = Budget(max_pages=2)
        held = await budget.reserve(input_tokens=1, max_output_tokens=1, pages=2)
        beyond = asyncio.ensure_future(budget.reserve(input_tokens=1, max_output_tokens=1, pages=1))
        await asyncio.sleep(0)
        assert not beyond.done()
        held.unused()
        (await beyond).settle(Usage(1, 1))
        assert budget.spent.pages == 1

    simulate(story())


def test_what_was_spent_before_counts():
    async def story():
        with pytest.raises(BudgetReached, match=r"limit of 5 CNY: 4\.999"):
            await spend(Budget(max_cost=5, price=PRICE, spent=Spending(cost=4.999)), Usage(input_tokens=1_000))

    simulate(story())


def test_who_gives_up_waiting_does_not_hold_up_the_next():
    async def story():
        budget = Budget(max_tokens=10_000)
        held = await budget.reserve(input_tokens=1_000, max_output_tokens=2_000)
        large = asyncio.create_task(budget.reserve(input_tokens=9_000, max_output_tokens=900))
        small = asyncio.create_task(budget.reserve(input_tokens=100, max_output_tokens=100))
        await asyncio.sleep(0)
        large.cancel()
        reservation = await small
        reservation.unused()
        held.unused()
        return budget.reserved

    assert simulate(story()) == Spending()


@pytest.mark.parametrize("price", [None, UNKNOWN])
def test_a_limit_on_money_needs_a_price(price):
    with pytest.raises(UsageFault, match="price of this model is not known") as fault:
        Budget(max_cost=1, price=price)

    assert "--max-tokens" in fault.value.advice


def test_a_request_beyond_the_price_table_is_not_sent_on_a_promise():
    short = Price("CNY", (PriceTier(1_000, 1.0, 10.0),), date(2026, 1, 1), "a short list")

    async def story():
        with pytest.raises(UsageFault, match="no price is known for 2000 input tokens"):
            await spend(Budget(max_cost=1, price=short), Usage(input_tokens=2_000))

    simulate(story())


def test_without_limits_everything_passes_whatever_the_price():
    async def story():
        budget = Budget(price=UNKNOWN)
        await asyncio.gather(*(spend(budget, Usage(input_tokens=10**6), pages=10) for _ in range(50)))
        return budget.spent.pages

    assert simulate(story()) == 500


def test_of_a_budget_that_is_shared_as_much_is_fetched_as_calls_need_and_no_more_is_spent_than_there_is():
    left = {"tokens": 50_000.0}

    async def refill(name):
        await asyncio.sleep(0)
        block = min(left[name], 4_000.0)
        left[name] -= block
        return block

    async def story():
        clock, budget = SimulatedClock(), Budget(max_tokens=1, refill=refill)

        async def ask(_):
            reservation = await budget.reserve(input_tokens=1_000, max_output_tokens=MAX_OUTPUT)
            await clock.sleep(1)
            reservation.settle(Usage(input_tokens=1_000, output_tokens=500))

        first = await asyncio.gather(*map(ask, range(3)), return_exceptions=True)
        fetched = 50_000 - left["tokens"]
        rest = await asyncio.gather(*map(ask, range(60)), return_exceptions=True)
        return budget, fetched, [one for one in first + rest if one is not None]

    budget, fetched, errors = simulate(story())

    assert fetched <= 3 * (1_000 + MAX_OUTPUT) + 4_000
    assert errors
    assert all("of the whole backfill" in str(error) for error in errors)
    assert 50_000 - 1_000 - MAX_OUTPUT <= budget.spent.tokens <= 50_000
