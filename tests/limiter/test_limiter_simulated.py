"""The limiter against services in simulated time: what it reaches of the allowed, and how often it is refused."""

from __future__ import annotations

import asyncio

import pytest

from schemas.models import Limits
from tasks.limiter import Limiter
from tasks.limiter.meter import HEADROOM
from tests.emulator.limits import Quota
from tests.limiter.quota import SharedInMemory
from tests.limiter.service import Moody, Sender, SimulatedService, StrictWindow
from tests.simulation import SimulatedClock, simulate

RAMPED = 60.0
END = 720.0
LONG = 2_400.0
ANSWERED = END - 15
"""Sends of the last seconds are still being answered at the end."""
SMALL = {"input_tokens": (100, 200), "output_tokens": (50, 100)}


def run(quota, limits, *, change=None, service=None, seed=0, **sizes):
    """Twelve minutes of as much as is let through; *change* happens after five."""

    async def story():
        clock = SimulatedClock()
        asked = service(clock) if service else SimulatedService.of(clock, quota, seed=seed)
        limiter = Limiter(limits, clock)
        sending = asyncio.create_task(Sender(clock, asked, limiter, **sizes).send_until(END))
        await clock.sleep(300)
        if change:
            asked.admission.set(**change)
        await sending
        await limiter.aclose()
        return asked.traffic

    return simulate(story())


def share(traffic, quota, since, until):
    """What was reached of whichever quota binds."""
    minutes = (until - since) / 60
    return max(
        traffic.requests(since, until) / (minutes * quota.rpm) if quota.rpm else 0,
        traffic.tokens(since, until) / (minutes * quota.tpm) if quota.tpm else 0,
    )


@pytest.mark.parametrize(
    ("quota", "sizes"),
    [
        pytest.param(Quota(rpm=600, burst=1.5), SMALL, id="requests"),
        pytest.param(Quota(rpm=600, burst=1.5, retry_after=True), SMALL, id="requests, told when to come again"),
        pytest.param(Quota(rpm=1_200, tpm=1_000_000, burst=1.5), {}, id="tokens bind before requests"),
        pytest.param(Quota(tpm=1_000_000, burst=1.5), {}, id="tokens alone"),
        pytest.param(Quota(rpm=600, tpm=6_000_000, burst=1.5), {}, id="requests bind before tokens"),
    ],
)
@pytest.mark.parametrize("seed", [0, 1])
def test_once_ramped_ninety_nine_in_a_hundred_are_used_and_one_in_a_thousand_refused(quota, sizes, seed):
    traffic = run(quota, Limits(quota.rpm, quota.tpm, 400), seed=seed, **sizes)

    assert share(traffic, quota, RAMPED, ANSWERED) >= 0.99
    assert traffic.refused_share(0, END) <= 0.001


@pytest.mark.parametrize(
    ("change", "sizes"),
    [({"rpm": 300}, SMALL), ({"tpm": 500_000}, {}), ({"rpm": 600, "tpm": 500_000}, {})],
    ids=["requests", "tokens", "both"],
)
def test_a_quota_that_halves_is_found_with_few_refusals(change, sizes):
    before = Quota(rpm=600 if sizes else 1_200, tpm=None if sizes else 1_000_000, burst=1.5)
    after = Quota(rpm=300) if sizes else Quota(tpm=500_000)
    traffic = run(before, Limits(before.rpm, before.tpm, 400), change=change, **sizes)

    assert share(traffic, before, RAMPED, 300) >= 0.99
    assert share(traffic, after, 330, ANSWERED) >= 0.93
    assert traffic.refused_share(0, END) <= 0.004
    assert len(traffic.refused) <= 15


def test_a_quota_that_doubles_is_found():
    traffic = run(Quota(rpm=300, burst=1.5), Limits(600, None, 400), change={"rpm": 600}, **SMALL)

    assert share(traffic, Quota(rpm=600), 600, ANSWERED) >= 0.85
    assert traffic.refused_share(0, END) <= 0.003


def test_a_rate_that_nobody_told_is_learnt():
    quota = Quota(rpm=600, burst=1.5)
    traffic = run(quota, Limits(None, None, 400), **SMALL)

    assert share(traffic, quota, RAMPED, ANSWERED) >= 0.94
    assert traffic.refused_share(0, END) <= 0.003


def at_length(admission, limits):
    """Forty minutes of as much as is let through; gives the traffic."""

    async def story():
        clock = SimulatedClock()
        service = SimulatedService(clock, admission(clock))
        limiter = Limiter(limits, clock)
        await Sender(clock, service, limiter, **SMALL).send_until(LONG)
        await limiter.aclose()
        return service.traffic

    return simulate(story())


@pytest.mark.parametrize("stray", [0.005, 0.015])
@pytest.mark.parametrize("seed", [0, 1])
def test_refusals_that_come_at_any_pace_do_not_slow_it_to_a_crawl(stray, seed):
    quota = Quota(rpm=600, burst=1.5)
    traffic = at_length(lambda clock: Moody(stray, quota, clock, seed=seed), Limits(600, None, 400))

    assert share(traffic, quota, 600, LONG - 15) >= 0.9


@pytest.mark.parametrize("real", [150, 230])
def test_a_quota_that_is_far_below_what_was_told_is_not_taken_for_a_mood(real):
    quota = Quota(rpm=real, burst=1.5)
    traffic = at_length(lambda clock: Moody(0.0, quota, clock, seed=0), Limits(600, None, 400))

    assert share(traffic, quota, 600, LONG - 15) >= 0.95
    assert traffic.refused_share(0, LONG) <= 0.006


def test_a_service_without_any_tolerance_is_not_fought():
    """Sends arrive up to 40 ms late, so a strict second has to be undercut: no pacing from afar can be exact."""
    traffic = run(
        None, Limits(600, None, 400), service=lambda clock: SimulatedService(clock, StrictWindow(10, clock)), **SMALL
    )

    assert share(traffic, Quota(rpm=600), RAMPED, ANSWERED) >= 0.88
    assert traffic.refused_share(0, END) <= 0.002


@pytest.mark.parametrize("quota", [Quota(rpm=600, burst=1.5), Quota(rpm=1_200, tpm=1_000_000, burst=1.5)])
def test_two_processes_share_one_quota(quota):
    sizes = {} if quota.tpm else SMALL

    async def story():
        clock = SimulatedClock()
        first = SimulatedService.of(clock, quota)
        services = [first, SimulatedService(clock, first.admission, seed=1)]
        shared = SharedInMemory(clock, requests=quota.rpm / 60, tokens=quota.tpm and quota.tpm / 60)
        limiters = [Limiter(Limits(quota.rpm, quota.tpm, 400), clock, quota=shared) for _ in services]
        senders = [
            Sender(clock, service, limiter, **sizes).send_until(END)
            for service, limiter in zip(services, limiters, strict=True)
        ]
        await asyncio.gather(*senders)
        for limiter in limiters:
            await limiter.aclose()
        return [service.traffic for service in services], shared

    traffics, shared = simulate(story())
    shares = [share(traffic, quota, RAMPED, ANSWERED) for traffic in traffics]

    assert sum(shares) >= 0.99
    assert min(shares) >= 0.1
    assert sum(len(traffic.refused) for traffic in traffics) <= 0.001 * sum(len(traffic.sends) for traffic in traffics)
    assert shared.out[0] * HEADROOM == pytest.approx(sum(len(traffic.sends) for traffic in traffics), abs=1)
    assert shared.takes / END <= 15


@pytest.mark.parametrize("trip", [0.0, 0.02], ids=["ledger in memory", "ledger on a busy disk"])
@pytest.mark.parametrize("others", [1, 5])
def test_a_process_that_joins_later_gets_its_share_and_takes_over_when_the_others_leave(trip, others):
    quota = Quota(rpm=1_200, burst=1.5)
    joins, leaves = 120.0, 420.0

    async def story():
        clock = SimulatedClock()
        admission = SimulatedService.of(clock, quota).admission
        shared = SharedInMemory(clock, requests=quota.rpm / 60, trip=trip)

        async def process(seed, begin, end):
            await clock.sleep(begin)
            service = SimulatedService(clock, admission, seed=seed)
            limiter = Limiter(Limits(quota.rpm, None, 400), clock, quota=shared)
            await Sender(clock, service, limiter, **SMALL, seed=seed).send_until(end)
            await limiter.aclose()
            return service.traffic

        early = (process(seed, 0.0, leaves) for seed in range(others))
        return await asyncio.gather(process(99, joins, END), *early)

    late, *early = simulate(story())
    fair = 1 / (others + 1)
    assert share(late, quota, joins + 60, leaves - 15) >= 0.7 * fair
    assert sum(share(traffic, quota, joins, leaves - 15) for traffic in (late, *early)) >= 0.98
    assert share(late, quota, leaves + 30, ANSWERED) >= 0.99
    refused = sum(len(traffic.refused) for traffic in (late, *early))
    assert refused <= 0.002 * sum(len(traffic.sends) for traffic in (late, *early))
