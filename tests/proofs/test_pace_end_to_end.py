"""The account's rate, used up and not passed: by one run, by one whose quota is cut, by two that share it.

How much of the rate is used can be measured on a machine that has nothing else to do, and over minutes: the proofs
marked `soak` do. The short ones hold on any machine, however late it wakes: they count who was asked and refused. That
nearly all of a rate is used is proven in simulated time by `tests/limiter`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from schemas.errors import ExitCode
from tests.emulator import Latency
from tests.mill import Mill, card
from tests.proofs.books import journal
from tests.proofs.lives import LOOK, Life, command
from tests.proofs.test_run_faults import Watcher

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.emulator import Call

pytestmark = pytest.mark.xdist_group("proofs-pace")

RPM = 1_200
RAMPED = 66.0
"""Seconds after which a run goes as fast as it may: the ramp takes thirty, or sixty if its start was refused."""
LATENCY = Latency(base=1.0, jitter=0.5)
FEW = 0.15
"""Share of refusals that also a machine which stalls and then sends a second's worth at once stays below."""


def fill(mill: Mill, pages: int, name: str = "document") -> None:
    for number in range(pages // 50):
        card(mill.source / f"{number:02}.tiff", f"{name} {number}", frames=50)


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


async def ramp(mill: Mill, pages: int) -> list[Call]:
    """Let a run come up to its full rate."""
    fill(mill, pages)
    mill.emulator.set_limits(rpm=RPM, burst=1.5)
    mill.emulator.latency = LATENCY

    record = await mill.run(in_flight=100, requests_per_minute=RPM)

    calls = list(mill.emulator.calls)
    assert (record.exit_code, record.pages_ok) == (ExitCode.OK, pages)
    assert set(mill.table("calls")["attempt"]) == {1}
    assert len(calls) == pages + mill.emulator.totals().throttled
    return calls


async def halve(mill: Mill, pages: int, after: int) -> Sequence[Call]:
    """Halve the quota in the midst of a run; gives the calls from then on."""
    fill(mill, pages)
    emulator = mill.emulator
    emulator.set_limits(rpm=RPM, burst=1.5)
    emulator.latency = LATENCY
    halved: list[int] = []

    def act() -> None:
        halved.append(len(emulator.calls))
        emulator.set_limits(rpm=RPM / 2)

    record = await mill.run(memory=Watcher(after=after, act=act), in_flight=100, requests_per_minute=RPM)

    assert (record.exit_code, record.pages_ok) == (ExitCode.OK, pages)
    assert len(mill.table("calls")) == len(emulator.calls)
    assert set(mill.table("calls")["attempt"]) == {1}
    return emulator.calls.since(halved[0])


@dataclass(frozen=True)
class Together:
    """Two processes on one ledger: all calls, when both were at work, and how many each sent meanwhile."""

    calls: list[Call]
    joined: float
    left: float
    sends: list[int]

    @property
    def lesser(self) -> float:
        """The smaller one's share."""
        return min(self.sends) / sum(self.sends)


def share_quota(mill: Mill, folder: Path, *, alone: int, both: int) -> Together:
    """Let a second process join one that has made *alone* requests, until the two have made *both* more."""
    emulator = mill.emulator
    emulator.set_limits(rpm=RPM, burst=1.5)
    emulator.latency = LATENCY
    (folder / "other").mkdir()
    other = Mill(folder / "other", folder / "other out", emulator)
    fill(mill, alone + both + 50)
    fill(other, both + 50, "another")
    ledger = folder / "shared.sqlite3"
    options = ["--in-flight", 100, "--ledger", ledger]

    with Life(command(mill, *options, rpm=RPM)) as one:
        one.live_until(emulator, alone, at_most=120)
        with Life(command(other, *options, rpm=RPM)) as two:
            while len(set(journal(ledger)["run_id"])) < 2 and two.live(LOOK):
                pass
            begun, joined = journal(ledger).groupby("run_id").size(), monotonic()
            two.live_until(emulator, len(emulator.calls) + both, at_most=240)
            ended, left = journal(ledger).groupby("run_id").size(), monotonic()
            assert not one.is_over
            assert not two.is_over
    sends = ended.sub(begun, fill_value=0)
    return Together(list(emulator.calls), joined, left, [int(number) for number in sends])


@pytest.mark.long
async def test_a_run_that_comes_up_to_its_rate_is_hardly_ever_refused(mill):
    assert refused(await ramp(mill, 150)) <= FEW


@pytest.mark.long
async def test_a_quota_that_is_halved_meanwhile_loses_no_page_and_costs_no_attempt(mill):
    assert refused(await halve(mill, 150, after=60)) <= FEW


@pytest.mark.long
def test_a_second_process_on_the_ledger_gets_a_share_of_the_quota_of_the_first(mill, tmp_path):
    together = share_quota(mill, tmp_path, alone=60, both=150)

    assert together.lesser >= 0.1
    assert refused(together.calls) <= FEW


@pytest.mark.soak
async def test_once_ramped_nearly_all_that_is_allowed_is_used_and_hardly_any_send_refused(mill, capsys):
    calls = await ramp(mill, 1_500)

    used = share(calls, RPM, begin=calls[0].started + RAMPED, end=calls[-1].started)
    told(capsys, used=used, refused=refused(calls))
    assert used >= 0.97
    assert refused(calls) <= 0.002


@pytest.mark.soak
async def test_a_quota_that_is_halved_is_found_again(mill, capsys):
    after = await halve(mill, 1_000, after=500)

    used = share(after, RPM / 2, begin=after[0].started + 5, end=after[-1].started - 2)
    told(capsys, used=used, refused=refused(after))
    assert used >= 0.7
    assert refused(after) <= 0.1


@pytest.mark.soak
def test_two_processes_on_one_ledger_use_the_whole_quota_together_and_alike(mill, tmp_path, capsys):
    together = share_quota(mill, tmp_path, alone=450, both=1_200)

    used = share(together.calls, RPM, begin=together.joined, end=together.left - 3)
    told(capsys, used=used, refused=refused(together.calls), lesser=together.lesser)
    assert used >= 0.95
    assert together.lesser >= 0.3
    assert refused(together.calls) <= 0.01
