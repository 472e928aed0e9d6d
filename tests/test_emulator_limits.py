"""The emulated quota: what comes too fast, too much or too suddenly is refused, and nothing else."""

from __future__ import annotations

import pytest

from tests.emulator.limits import Limits, Quota
from tests.emulator.refusal import Refusal


class Time:
    """A clock that goes when told."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def limits(clock: Time, **quota: float) -> Limits:
    return Limits(Quota(**quota), clock)


def admitted(quota: Limits, times: int, account: str = "account", model: str = "model") -> int:
    passed = 0
    for _ in range(times):
        try:
            quota.admit(account, model)
        except Refusal:
            continue
        passed += 1
    return passed


def test_without_a_quota_everything_passes() -> None:
    assert admitted(limits(Time()), 1_000) == 1_000


def test_a_second_has_its_share_of_the_minute() -> None:
    clock = Time()
    quota = limits(clock, rpm=600)
    assert admitted(quota, 50) == 10
    clock.now += 1
    assert admitted(quota, 50) == 10


def test_a_sender_at_the_rate_is_never_refused() -> None:
    clock = Time()
    quota = limits(clock, rpm=600)
    for _ in range(3_000):
        clock.now += 0.1001
        quota.admit("account", "model")


def test_a_sender_over_the_rate_gets_the_rate() -> None:
    clock = Time()
    quota = limits(clock, rpm=90)
    passed = 0
    for _ in range(600 * 20):
        clock.now += 0.05
        passed += admitted(quota, 1)
    assert 90 * 10 <= passed <= 90 * 11 + 2


def test_the_request_quota_says_which_and_when() -> None:
    quota = Limits(Quota(rpm=60, retry_after=True), Time())
    quota.admit("account", "model")
    with pytest.raises(Refusal) as caught:
        quota.admit("account", "model")
    assert (caught.value.status, caught.value.code) == (429, "Throttling.RateQuota")
    assert caught.value.retry_after == 1


def test_tokens_are_drawn_by_question_and_answer() -> None:
    clock = Time()
    quota = limits(clock, tpm=6_000)
    quota.admit_tokens("account", "model", 250)
    quota.spend("account", "model", 50)
    with pytest.raises(Refusal) as caught:
        quota.admit_tokens("account", "model", 1)
    assert caught.value.code == "Throttling.AllocationQuota"
    clock.now += 2.0
    with pytest.raises(Refusal):
        quota.admit_tokens("account", "model", 1)
    clock.now += 0.1
    quota.admit_tokens("account", "model", 1)


def test_accounts_and_models_do_not_share() -> None:
    quota = limits(Time(), rpm=60)
    assert admitted(quota, 2) == 1
    assert admitted(quota, 2, account="other") == 1
    assert admitted(quota, 2, model="other") == 1


def test_a_sudden_rise_is_refused_and_a_slow_one_is_not() -> None:
    clock = Time()
    quota = limits(clock, burst=2)
    assert admitted(quota, 100) == 5
    taken = []
    for _ in range(5):
        clock.now += 1.0
        taken.append(admitted(quota, 100))
    assert taken == [10, 20, 40, 80, 100]


def test_a_quota_changes_while_it_is_used() -> None:
    quota = limits(Time(), rpm=60)
    assert admitted(quota, 5) == 1
    quota.set(rpm=None)
    assert admitted(quota, 5) == 5
    quota.set(model="model", rps=2)
    assert admitted(quota, 5) == 2
    assert admitted(quota, 5, model="other") == 5
