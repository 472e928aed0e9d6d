"""The account's rate, used up and not passed: by one run, by one whose quota is cut, by two that share it."""

from __future__ import annotations

from collections import Counter
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from schemas.errors import ExitCode
from tests.emulator import Latency
from tests.mill import Mill, card
from tests.proofs.books import journal
from tests.proofs.lives import Life, command
from tests.proofs.test_run_faults import Watcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.emulator import Call

pytestmark = pytest.mark.xdist_group("proofs-pace")

RPM = 1_200
RAMPED = 36.0
"""Seconds after which a run goes as fast as it may: the ramp takes thirty."""
LATENCY = Latency(base=1.0, jitter=0.5)


def fill(mill: Mill, pages: int) -> None:
    for number in range(pages // 50):
        card(mill.source / f"{number:02}.tiff", f"document {number}", frames=50)


def share(calls: Sequence[Call], rpm: float, *, begin: float, end: float) -> float:
    """Share of the allowed that was answered of what began between two moments."""
    answered = sum(call.outcome == "answered" and begin <= call.started < end for call in calls)
    return answered / (rpm / 60 * (end - begin))


def refused(calls: Sequence[Call]) -> float:
    return sum(call.status == 429 for call in calls) / len(calls)


def told(capsys: pytest.CaptureFixture[str], **figures: float) -> None:
    """Print the figures of a proof."""
    with capsys.disabled():
        print("\n" + ", ".join(f"{name} {figure:.4f}" for name, figure in figures.items()))  # noqa: T201 - the figures


async def test_a_quota_that_nobody_told_costs_no_page_and_no_attempt(mill):
    fill(mill, 100)
    mill.emulator.set_limits(rpm=900, retry_after=True)
    mill.emulator.latency = 0.2

    record = await mill.run(in_flight=50, requests_per_minute=6_000)

    calls, totals = mill.table("calls"), mill.emulator.totals()
    assert (record.status, record.pages_ok) == ("success", 100)
    assert totals.throttled > 0
    assert len(calls) == totals.requests == 100 + totals.throttled
    assert set(calls["attempt"]) == {1}
    assert Counter(calls["outcome"]) == {"answered": 100, "throttled": totals.throttled}
    assert record.total_cost == pytest.approx(record.total_cost_known)
    assert totals.throttled <= 30


@pytest.mark.long
async def test_once_ramped_nearly_all_that_is_allowed_is_used_and_hardly_any_send_refused(mill, capsys):
    fill(mill, 1_300)
    mill.emulator.set_limits(rpm=RPM, burst=1.5)
    mill.emulator.latency = LATENCY

    record = await mill.run(in_flight=100, requests_per_minute=RPM)

    assert record.exit_code == ExitCode.OK
    calls = list(mill.emulator.calls)
    used = share(calls, RPM, begin=calls[0].started + RAMPED, end=calls[-1].started)
    told(capsys, used=used, refused=refused(calls))
    assert used >= 0.97
    assert refused(calls) <= 0.002


@pytest.mark.long
async def test_a_quota_that_is_halved_meanwhile_is_found_again_without_losing_a_page(mill, capsys):
    fill(mill, 1_000)
    emulator = mill.emulator
    emulator.set_limits(rpm=RPM, burst=1.5)
    emulator.latency = LATENCY
    halved: list[int] = []

    def halve() -> None:
        halved.append(len(emulator.calls))
        emulator.set_limits(rpm=RPM / 2)

    record = await mill.run(memory=Watcher(after=500, act=halve), in_flight=100, requests_per_minute=RPM)

    assert record.exit_code == ExitCode.OK
    after = emulator.calls.since(halved[0])
    used = share(after, RPM / 2, begin=after[0].started + 5, end=after[-1].started - 2)
    told(capsys, used=used, refused=refused(after))
    assert used >= 0.7
    assert refused(after) <= 0.1
    assert len(mill.table("calls")) == len(emulator.calls)
    assert set(mill.table("calls")["attempt"]) == {1}


@pytest.mark.long
def test_a_second_process_on_the_ledger_shares_the_quota_of_the_first(mill, tmp_path, capsys):
    fill(mill, 1_300)
    emulator = mill.emulator
    emulator.set_limits(rpm=RPM, burst=1.5)
    emulator.latency = LATENCY
    (tmp_path / "other").mkdir()
    other = Mill(tmp_path / "other", tmp_path / "other out", emulator)
    for number in range(20):
        card(other.source / f"{number:02}.tiff", f"another {number}", frames=50)
    options = ["--in-flight", 100, "--ledger", tmp_path / "shared.sqlite3"]

    with Life(command(mill, *options, rpm=RPM)) as one:
        one.live_until(emulator, 450, at_most=120)
        joined = monotonic()
        with Life(command(other, *options, rpm=RPM)) as two:
            two.live_until(emulator, 1_400, at_most=120)
            left = monotonic()

    calls = list(emulator.calls)
    used = share(calls, RPM, begin=joined + 5, end=left - 3)
    sends = journal(tmp_path / "shared.sqlite3").groupby("run_id").size()
    told(capsys, used=used, refused=refused(calls), lesser=sends.min() / sends.sum())
    assert len(sends) == 2
    assert used >= 0.9
    assert refused(calls) <= 0.01
