"""A wall clock that jumps changes when things are said to have happened, and nothing else."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import TYPE_CHECKING, Self

import pytest

from schemas.errors import ExitCode
from tasks import assembly
from tasks import clock as clock_of_tasks
from tasks.ledger import answers, leases
from tasks.transport import wirelog
from tests.emulator import Latency
from tests.mill import Memory, Mill, card
from tests.proofs.books import check_tables
from tests.proofs.test_run_faults import Watcher

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("proofs")


class Jumping(datetime):
    """A wall clock that somebody sets."""

    offset = timedelta(0)

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Self:
        return super().now(tz) + cls.offset


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Jumping]]:
    """Let every part of the product that looks at the clock look at this one."""
    for part in (assembly, clock_of_tasks, answers, leases, wirelog):
        monkeypatch.setattr(part, "datetime", Jumping)
    Jumping.offset = timedelta(0)
    yield Jumping
    Jumping.offset = timedelta(0)


@pytest.mark.parametrize("jump", [timedelta(days=400), timedelta(days=-400)], ids=["forward", "back"])
async def test_a_clock_that_jumps_during_a_run_costs_no_page_no_call_and_no_time(mill, tmp_path, clock, jump):
    for number in range(12):
        card(mill.source / f"{number:02}.png", f"card {number}")
    mill.emulator.latency = Latency(base=0.05)
    mill.emulator.plan.next("500", times=2)
    mill.emulator.plan.next("429", retry_after=1)
    undisturbed = Mill(mill.source, tmp_path / "whole", mill.emulator)

    def set_clock() -> None:
        clock.offset = jump

    record = await mill.run(memory=Watcher(after=3, act=set_clock), in_flight=2, shard_pages=4)

    assert record.exit_code == ExitCode.OK, record.error_message
    assert mill.emulator.totals().answered == 12
    assert abs(record.finished_at - record.started_at) > timedelta(days=300)
    check_tables(mill.out)
    clock.offset = timedelta(0)
    again = await mill.run(memory=Memory())
    assert (again.pages_kept, again.calls) == (12, 0)
    whole = await undisturbed.run(in_flight=2, shard_pages=4)
    assert [record.pages_ok, record.total_input_tokens] == [whole.pages_ok, whole.total_input_tokens]
    apart = ["calls", "retries"]
    ours, theirs = (one.comparable("pages").drop(columns=apart) for one in (mill, undisturbed))
    assert ours.equals(theirs)
