from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models import ModelSpec, Price, PriceTier
from schemas.records import CallOutcome, CallRecord
from schemas.usage import Usage
from schemas.wire import NOT_SENT
from tasks.account import Tally, priced, tally, usage_of

PRICE = Price(
    "CNY",
    (PriceTier(1_000, 1.0, 10.0, 0.2), PriceTier(10_000, 2.0, 20.0)),
    date(2026, 2, 1),
    "made",
    batch_factor=0.5,
)
MODELS = {
    "seen": ModelSpec("seen", ("dashscope",), "vl32", price=PRICE),
    "no-batch": ModelSpec("no-batch", ("dashscope",), "vl32", price=replace(PRICE, batch_factor=None)),
    "unpriced": ModelSpec("unpriced", ("dashscope",), "vl32"),
    "local": ModelSpec(
        "local", ("local",), "local", price=Price("CNY", (PriceTier(None, 0.0, 0.0),), date(2026, 1, 1), "made")
    ),
}
CALL = CallRecord(
    call_id="c",
    run_id="r",
    request_key="k",
    base_key="k",
    doc_id="d",
    pages="1",
    operation="text",
    attempt=1,
    lane="realtime",
    backend="dashscope",
    model="seen",
    outcome="answered",
    http_status=200,
    code=None,
    message=None,
    request_id=None,
    started_at=datetime(2026, 1, 1, tzinfo=UTC),
    first_byte_at=None,
    ended_at=None,
    stop_reason=None,
    input_tokens=0,
    output_tokens=0,
    image_tokens=0,
    text_tokens=0,
    video_tokens=0,
    cached_tokens=0,
    reasoning_tokens=0,
    usage_raw=None,
    cost=None,
    currency=None,
    price_date=None,
)


def cost(**changes: object) -> float | None:
    return priced([replace(CALL, **changes)], MODELS)[0].cost  # type: ignore[arg-type]


def test_each_call_is_priced_by_its_own_tier() -> None:
    small = replace(CALL, input_tokens=1_000, output_tokens=100)
    large = replace(CALL, input_tokens=1_001, output_tokens=100)
    costs = [call.cost for call in priced([small, large], MODELS)]
    assert costs == pytest.approx([0.002, 0.004002])


def test_a_price_brings_its_currency_and_its_date() -> None:
    call = priced([replace(CALL, input_tokens=1)], MODELS)[0]
    assert (call.currency, call.price_date) == ("CNY", "2026-02-01")


def test_cached_tokens_cost_their_own_price() -> None:
    assert cost(input_tokens=1_000, cached_tokens=500) == pytest.approx((500 * 1 + 500 * 0.2) / 1e6)


def test_beyond_the_last_tier_the_cost_is_unknown() -> None:
    assert cost(input_tokens=10_001) is None


def test_without_a_price_an_answer_is_of_unknown_cost() -> None:
    assert cost(model="unpriced", input_tokens=5) is None
    assert cost(model="never heard of", input_tokens=5) is None


def test_an_answer_that_does_not_say_what_it_took_is_of_unknown_cost() -> None:
    assert cost() is None


def test_a_batch_call_costs_its_share_and_is_unknown_where_that_is() -> None:
    assert cost(lane="batch", input_tokens=1_000) == pytest.approx(0.0005)
    assert cost(lane="batch", model="no-batch", input_tokens=1_000) is None


@pytest.mark.parametrize(
    ("outcome", "status", "code", "expected"),
    [
        ("throttled", 429, "Throttling", 0.0),
        ("permanent", 400, "InvalidParameter", 0.0),
        ("fatal", 401, "InvalidApiKey", 0.0),
        ("transient", 500, "InternalError", 0.0),
        ("transient", None, NOT_SENT, 0.0),
        ("transient", None, None, None),  # the connection fell after the question had left
        ("transient", 200, None, None),  # answered, and the answer cannot be read
        ("timeout", None, None, None),
        ("lost", None, None, None),
        ("open", None, None, None),
    ],
)
def test_what_may_have_been_billed_is_unknown_and_what_was_not_is_nothing(
    outcome: CallOutcome, status: int | None, code: str | None, expected: float | None
) -> None:
    assert cost(outcome=outcome, http_status=status, code=code) == expected


def test_a_failure_that_names_its_usage_is_paid() -> None:
    assert cost(outcome="transient", http_status=200, input_tokens=1_000) == pytest.approx(0.001)


@pytest.mark.parametrize("outcome", get_args(CallOutcome))
def test_local_calls_are_free_whatever_came_of_them(outcome: CallOutcome) -> None:
    assert cost(model="local", outcome=outcome, http_status=None) == 0.0


def test_a_sum_with_an_unknown_part_is_unknown_and_says_what_is_known() -> None:
    calls = [replace(CALL, input_tokens=1_000_000), replace(CALL, input_tokens=1_000), CALL]
    total = tally(priced(calls, MODELS))
    assert total.cost is None
    assert total.cost_known == pytest.approx(0.001)
    assert total.cost_unknown_calls == 2
    assert total.spoken() == "unknown, of which known 0.0010 CNY"


@pytest.mark.parametrize(("money", "said"), [(0.0, "0.00 CNY"), (0.01234, "0.0123 CNY"), (1234.567, "1,234.57 CNY")])
def test_money_is_rounded_for_the_eye_only(money: float, said: str) -> None:
    assert Tally(cost_known=money, currencies=frozenset({"CNY"})).spoken() == said


def test_sends_beyond_the_first_of_a_request_are_retries() -> None:
    calls = [CALL, CALL, replace(CALL, request_key="other")]
    assert tally(calls).retries == 1


def test_nothing_costs_nothing() -> None:
    assert tally([]) == Tally()
    assert (Tally().cost, Tally().currency, Tally().price_date) == (0.0, None, None)


def test_currencies_are_not_added_up() -> None:
    total = Tally(cost_known=1, currencies=frozenset({"CNY"})) + Tally(cost_known=1, currencies=frozenset({"USD"}))
    assert total.cost is None
    assert "CNY, USD" in total.spoken()


def test_sum_starts_from_nothing() -> None:
    assert sum([Tally(calls=1), Tally(calls=2)]) == Tally(calls=3)


tokens = st.integers(0, 20_000)
calls_of_one_request = st.lists(
    st.builds(
        replace,
        st.just(CALL),
        outcome=st.sampled_from(get_args(CallOutcome)),
        model=st.sampled_from(sorted(MODELS)),
        http_status=st.sampled_from([None, 200, 429, 500]),
        input_tokens=tokens,
        output_tokens=tokens,
        cached_tokens=tokens,
    ),
    max_size=4,
)


@given(st.lists(calls_of_one_request, max_size=6))
def test_the_sum_of_the_parts_is_the_whole(requests: list[list[CallRecord]]) -> None:
    parts = [
        priced([replace(call, request_key=str(number)) for call in calls], MODELS)
        for number, calls in enumerate(requests)
    ]
    whole = tally([call for part in parts for call in part])
    added = sum((tally(part) for part in parts), start=Tally())
    assert replace(added, cost_known=0.0) == replace(whole, cost_known=0.0)
    assert math.isclose(added.cost_known, whole.cost_known, abs_tol=1e-12)
    assert added.usage == sum((usage_of(call) for part in parts for call in part), start=Usage())
    assert (added.cost is None) == any(call.cost is None for part in parts for call in part)


@given(calls_of_one_request)
def test_pricing_twice_changes_nothing(calls: list[CallRecord]) -> None:
    once = priced(calls, MODELS)
    assert priced(once, MODELS) == once
