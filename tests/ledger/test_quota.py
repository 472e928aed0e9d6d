from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from tasks.ledger import AccountLimits, LedgerQuota, open_ledger
from tasks.ledger.quota import Bucket
from tasks.ledger.tables import quotas
from tasks.permits import SharedQuota

SLOW = AccountLimits(requests_per_minute=6.0, tokens_per_minute=600.0)


async def fill(ledger, *, requests=0.0, tokens=0.0, ago=0.0):
    """Set what an account has, as of some seconds ago."""

    def set_levels(connection):
        moved = {"updated": quotas.c.updated - ago, "requests": requests, "tokens": tokens}
        connection.execute(update(quotas).values(**moved))

    await ledger.write(set_levels)


async def test_what_one_takes_is_not_there_for_another(where):
    own = AccountLimits(requests_per_minute=600.0, tokens_per_minute=6_000_000.0)
    async with open_ledger(where) as here, open_ledger(where) as there:
        one: SharedQuota = LedgerQuota(here, "account", own)
        other: SharedQuota = LedgerQuota(there, "account", own)
        stranger: SharedQuota = LedgerQuota(there, "another account", own)
        first, second = await one.take(requests=10, tokens=90_000), await other.take(requests=10, tokens=90_000)
        assert (first.requests, first.tokens, first.wait) == (10, 90_000, 0)
        assert (second.requests, second.tokens) == (10, 90_000)
        assert 0.5 < second.wait <= 1
        assert (await stranger.take(requests=10, tokens=10)).wait == 0


async def test_who_finds_an_account_empty_is_told_from_when_on_its_permits_hold(ledger):
    quota = LedgerQuota(ledger, "account", SLOW)
    await quota.take(requests=1, tokens=1)
    await fill(ledger)
    first, second = [await quota.take(requests=1, tokens=0) for _ in range(2)]
    assert (first.requests, second.requests) == (1, 1)
    assert 5 < first.wait <= 10
    assert second.wait == pytest.approx(first.wait + 10, abs=5)
    await fill(ledger, ago=10)
    assert (await quota.take(requests=1, tokens=0)).wait == 0


async def test_what_was_not_used_is_there_again(ledger):
    quota = LedgerQuota(ledger, "account", SLOW)
    await quota.take(requests=1, tokens=1)
    await fill(ledger)
    await quota.give_back(requests=1, tokens=5)
    grant = await quota.take(requests=1, tokens=5)
    assert (grant.requests, grant.tokens, grant.wait) == (1, 5, 0)


async def test_limits_are_heeded_while_a_run_goes_on(ledger):
    quota = LedgerQuota(ledger, "account", AccountLimits(6_000.0, 6_000_000.0))
    assert (await quota.take(requests=1_000, tokens=0)).requests == 100
    await ledger.set_limits("account", AccountLimits(requests_per_minute=600.0))
    await fill(ledger, requests=1_000, ago=1_000)
    assert (await quota.take(requests=1_000, tokens=0)).requests == 10
    assert quota.limits == AccountLimits(600.0, 6_000_000.0) != await ledger.get_limits("account")
    await ledger.set_limits("account", AccountLimits())
    assert await ledger.get_limits("account") == AccountLimits()
    await fill(ledger, ago=1_000)
    assert (await quota.take(requests=1_000, tokens=0)).requests == 100


async def test_without_a_limit_all_is_given(ledger):
    quota = LedgerQuota(ledger, "account", AccountLimits(requests_per_minute=60.0))
    grant = await quota.take(requests=1, tokens=1e12)
    assert (grant.requests, grant.tokens, grant.wait) == (1, 1e12, 0)
    await quota.give_back(requests=0, tokens=1e12)


@pytest.mark.parametrize("jump", [-1e9, 1e9])
async def test_a_jump_of_the_clock_gives_no_more_than_a_burst_and_takes_nothing(ledger, jump):
    quota = LedgerQuota(ledger, "account", AccountLimits(requests_per_minute=600.0))
    await quota.take(requests=1, tokens=0)
    await fill(ledger, requests=5, ago=jump)
    assert {(await quota.take(requests=1, tokens=0)).wait for _ in range(4)} == {0}
    await fill(ledger, ago=jump)
    grants = [await quota.take(requests=10, tokens=0) for _ in range(4)]
    assert sum(grant.requests for grant in grants if not grant.wait) <= 20 + 2
    assert grants[-1].wait <= 4


@given(
    rate=st.floats(0.01, 1e5),
    level=st.floats(0, 10),
    steps=st.lists(
        st.tuples(st.floats(-100, 100), st.floats(0, 1e6, allow_subnormal=False), st.booleans()), max_size=40
    ),
)
def test_never_more_is_given_than_there_is(rate, level, steps):
    bucket = Bucket(level, rate)
    bucket = Bucket(min(level, bucket.capacity), rate)
    there, given = bucket.level, 0.0
    for seconds, wanted, is_unused in steps:
        bucket = bucket.after(seconds)
        there += rate * max(seconds, 0)
        bucket, taken, wait = bucket.take(wanted)
        assert min(wanted, 1) <= taken <= wanted
        assert wait >= 0
        given += taken
        assert not taken or given <= (there + rate * wait) * (1 + 1e-9)
        if is_unused:
            bucket, given = bucket.give_back(taken), given - taken
        assert bucket.level <= bucket.capacity * (1 + 1e-9)


@given(rate=st.floats(0.01, 1e5), wants=st.lists(st.floats(0.001, 1e6), min_size=1, max_size=20))
def test_blocks_are_there_one_after_the_other_in_the_order_of_asking(rate, wants):
    bucket, there = Bucket(0.0, rate), 0.0
    for wanted in wants:
        bucket, taken, wait = bucket.take(wanted)
        there += taken / rate
        assert wait == pytest.approx(there)


@pytest.mark.parametrize("rate", [0.1, 1.0, 10.0, 1_000.0])
def test_one_who_comes_back_when_told_gets_nearly_all_that_the_rate_allows(rate):
    bucket, now, given = Bucket(0.0, rate), 0.0, 0.0
    while now < 600:
        bucket, taken, wait = bucket.take(rate)
        given += taken
        now += wait
        bucket = bucket.after(wait)
    assert given >= 0.98 * rate * 600
