"""The pace, told the time: what may leave when."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.models import Limits
from tasks.limiter.meter import HEADROOM, SLACK
from tasks.limiter.pace import LONGEST_PAUSE, PAUSE, Pace

RAMPED = 120.0


def ramped(limits: Limits) -> Pace:
    """A pace that has been used to the full for two minutes."""
    pace, now = Pace(limits, 0.0), 0.0
    while now < RAMPED:
        wait = pace.delay(now)
        if wait:
            now += wait
        else:
            pace.back(pace.send(now, 10), None)
    return pace


@given(
    steps=st.lists(st.tuples(st.floats(0, 2), st.integers(1, 40_000), st.integers(-30_000, 0)), max_size=200),
    rpm=st.floats(30, 6_000),
    tpm=st.floats(10_000, 10_000_000),
)
def test_no_window_holds_more_than_its_rate_the_slack_and_one_send(steps, rpm, tpm):
    pace, now, sends = Pace(Limits(rpm, tpm, 10_000), 0.0), 0.0, []
    for later, tokens, surplus in steps:
        now += later
        if not pace.delay(now):
            sent = pace.send(now, tokens)
            pace.back(sent, max(0, tokens + surplus))
            sends.append((now, max(0, tokens + surplus)))
    largest = max((tokens for _, tokens in sends), default=0)
    for first, (start, _) in enumerate(sends):
        inside = 0
        for number, (end, tokens) in enumerate(sends[first:], 1):
            inside += tokens
            allowed = HEADROOM * (end - start + SLACK)
            assert number <= rpm / 60 * allowed + 1 + 1e-6
            assert inside <= tpm / 60 * allowed + largest + 1


def test_a_call_larger_than_a_second_passes_alone_and_borrows_from_the_future():
    pace = Pace(Limits(None, 60_000, 64), 0.0)

    pace.send(0.0, 10_000)

    assert pace.delay(0.0) > 10 / HEADROOM


def test_it_starts_slowly_and_reaches_the_full_rate():
    pace = Pace(Limits(600, None, 10_000), 0.0)
    start = pace.rates[0]

    assert start <= 3
    assert ramped(Limits(600, None, 10_000)).rates[0] == pytest.approx(10 * HEADROOM)


def test_after_a_rest_it_starts_slowly_again():
    pace = ramped(Limits(1_200, None, 10_000))

    pace.delay(RAMPED + 60)

    assert pace.rates[0] < 4


def test_a_burst_of_refusals_cuts_once():
    pace = ramped(Limits(600, None, 10_000))
    before = pace.speed
    burst = [pace.send(RAMPED, 10) for _ in range(8)]
    for sent in burst:
        pace.throttled(RAMPED + 0.2, sent, None)

    assert 0.6 * before < pace.speed < 0.8 * before


def test_a_refusal_of_a_call_sent_after_the_cut_cuts_again():
    pace = ramped(Limits(600, None, 10_000))
    pace.throttled(RAMPED, pace.send(RAMPED - 1, 10), None)
    once = pace.speed
    pace.send(RAMPED + 2, 10)
    pace.throttled(RAMPED + 3, pace.send(RAMPED + 2.5, 10), None)

    assert pace.speed < once


def test_it_grows_back_after_a_cut():
    pace = ramped(Limits(600, None, 10_000))
    pace.throttled(RAMPED, pace.send(RAMPED, 10), None)
    now = RAMPED
    while now < RAMPED + 300:
        wait = pace.delay(now)
        if wait:
            now += wait
        else:
            pace.back(pace.send(now, 10), None)

    assert pace.speed == 1.0


def test_nothing_leaves_before_the_time_that_the_service_named():
    pace = ramped(Limits(600, None, 10_000))
    late, early = pace.send(RAMPED, 10), pace.send(RAMPED, 10)
    pace.throttled(RAMPED + 0.1, late, 30.0)
    pace.throttled(RAMPED + 0.2, early, 5.0)

    assert pace.delay(RAMPED + 1) == pytest.approx(29.1)


def test_while_nothing_passes_the_pauses_grow_and_the_speed_stays():
    pace, now, pauses = ramped(Limits(600, None, 10_000)), RAMPED, []
    pace.throttled(now, pace.send(now, 10), None)
    cut = pace.speed
    for _ in range(10):
        now += pace.delay(now)
        pace.throttled(now, pace.send(now, 10), None)
        pauses.append(pace.delay(now))

    assert pauses[:3] == [2 * PAUSE, 4 * PAUSE, 8 * PAUSE]
    assert pauses[-1] == LONGEST_PAUSE
    assert pace.speed <= cut


def test_what_a_refused_call_would_have_taken_is_not_charged():
    pace = ramped(Limits(None, 600_000, 10_000))
    pace.throttled(RAMPED, pace.send(RAMPED, 500_000), None)

    assert pace.delay(RAMPED + PAUSE) < 1


def test_real_usage_corrects_the_estimate_both_ways():
    pace = ramped(Limits(None, 60_000, 10_000))
    cheap, dear = pace.send(RAMPED, 2_000), pace.send(RAMPED, 2_000)
    owed = pace.delay(RAMPED)
    pace.back(cheap, 1_000)
    after_credit = pace.delay(RAMPED)
    pace.back(dear, 5_000)

    assert after_credit == pytest.approx(owed - 1 / HEADROOM)
    assert pace.delay(RAMPED) == pytest.approx(owed + 2 / HEADROOM)


def test_where_nothing_is_limited_only_the_calls_in_flight_are():
    pace = Pace(Limits(None, None, 2), 0.0)
    first = pace.send(0.0, 10)
    pace.send(0.0, 10)
    full = pace.full
    pace.back(first, None)

    assert (full, pace.full) == (True, False)


def test_other_limits_hold_at_once_and_from_no_higher_speed():
    pace = ramped(Limits(600, None, 10_000))
    pace.set_limits(Limits(300, None, 10_000), RAMPED)
    halved = pace.rates[0]
    pace.set_limits(Limits(6_000, None, 10_000), RAMPED)

    assert halved == pytest.approx(5 * HEADROOM)
    assert pace.rates[0] <= 10


def test_a_clock_that_stood_still_or_leapt_does_no_harm():
    pace = ramped(Limits(600, 1_000_000, 10_000))

    assert math.isfinite(pace.delay(RAMPED - 50))
    assert pace.delay(RAMPED + 10**9) == 0
    assert pace.speed <= 1
