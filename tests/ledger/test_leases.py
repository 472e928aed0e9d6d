from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update

from schemas.errors import OutputInUse
from tasks.ledger import Patience, open_ledger
from tasks.ledger.leases import _OWNER
from tasks.ledger.owner import Owner, _started, this_process
from tasks.ledger.tables import leases
from tests.ledger.samples import START, a_call

ELSEWHERE = Owner("far-away", "its-machine", "its-boot", "pid:[1]", 77, 4_711)


class SteppingClock:
    """Time that passes only while somebody sleeps; each sleep may do something."""

    def __init__(self, meanwhile=None):
        self.seconds = 0.0
        self._meanwhile = meanwhile

    def patience(self) -> Patience:
        return Patience(silence=24, look=1, monotonic=lambda: self.seconds, sleep=self._sleep)

    async def _sleep(self, seconds):
        self.seconds += seconds
        if self._meanwhile:
            await self._meanwhile()


async def leave(ledger, owner, *, name="output", run_id="run-0"):
    """Write the lease of somebody else."""
    row = {
        "name": name,
        "token": f"token of {run_id}",
        "run_id": run_id,
        "description": "pagemill run in",
        "beat": 7,
        "taken_at": START,
        "renewed_at": START + timedelta(days=9_999),
        **{field: getattr(owner, field) for field in _OWNER},
    }
    await ledger.write(lambda connection: connection.execute(insert(leases), row))


async def beat(ledger):
    await ledger.write(lambda connection: connection.execute(update(leases).values(beat=leases.c.beat + 1)) and None)


async def test_a_lease_is_held_by_one_run_and_free_after_it(ledger):
    async with ledger.hold("output", "run-1", "pagemill run in") as lease:
        lease.check()
        with pytest.raises(OutputInUse, match=r"output is in use by run run-1 \(process \d+ on .*: pagemill run in\)"):
            async with ledger.hold("output", "run-2", "the same"):
                pass
        async with ledger.hold("another output", "run-2", "something else"):
            pass
        assert (await ledger.holder("output")).run_id == "run-1"
    assert await ledger.holder("output") is None
    async with ledger.hold("output", "run-2", "the next"):
        pass


async def test_a_whole_and_a_part_of_it_exclude_each_other_and_two_parts_do_not(ledger):
    async with ledger.hold("output/one", "run-1", "a part"), ledger.hold("output/two", "run-2", "another"):
        for name in ("output", "output/one"):
            with pytest.raises(OutputInUse, match=r"is in use by run run-1 "):
                async with ledger.hold(name, "run-3", ""):
                    pass
        assert list(await ledger.holders("output")) == ["output/one", "output/two"]
    async with ledger.hold("output", "run-3", "the whole"):
        with pytest.raises(OutputInUse, match=r"is in use by run run-3 "):
            async with ledger.hold("output/one", "run-1", ""):
                pass
        async with ledger.hold("outputs", "run-4", "something else"):
            pass


async def test_who_waits_for_a_lease_gets_it_when_it_is_free(ledger):
    order = []

    async def hold(run_id):
        async with ledger.hold("tables", run_id, "", patience=Patience(look=0.01), waits=True):
            order.append(run_id)
            await asyncio.sleep(0)
            order.append(run_id)

    await asyncio.gather(*(hold(f"run-{number}") for number in range(4)))
    assert order[::2] == order[1::2]
    assert len(set(order)) == 4


async def test_a_lease_is_given_back_when_the_run_fails(ledger):
    with pytest.raises(ZeroDivisionError):
        async with ledger.hold("output", "run-1", ""):
            raise ZeroDivisionError
    assert await ledger.holder("output") is None


async def test_a_run_that_is_over_holds_nothing_although_its_end_could_not_be_written(where):
    ledger = open_ledger(where)
    async with ledger.hold("output", "run-1", ""):
        await ledger.close()
    async with open_ledger(where) as again:
        assert await again.holder("output") is None
        async with again.hold("output", "run-2", "the next in the same process"):
            pass


async def test_of_two_who_come_at_the_same_moment_one_is_refused(where):
    refused = asyncio.Event()

    async def come(ledger, run_id):
        try:
            async with ledger.hold("output", run_id, ""):
                await asyncio.wait_for(refused.wait(), 60)
        except OutputInUse:
            refused.set()
            return "refused"
        return "held"

    async with open_ledger(where) as one, open_ledger(where) as other:
        assert sorted(await asyncio.gather(come(one, "run-1"), come(other, "run-2"))) == ["held", "refused"]


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives until it is killed."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


async def test_what_a_dead_process_of_this_machine_held_is_taken_over_at_once(ledger, sleeper):
    await leave(ledger, replace(this_process(), pid=sleeper.pid, pid_started=_started(sleeper.pid)))
    with pytest.raises(OutputInUse, match=f"process {sleeper.pid} on"):
        async with ledger.hold("output", "run-1", ""):
            pass
    sleeper.kill()
    # Dead, and still with its number: nobody has reaped it yet.
    await asyncio.to_thread(os.waitid, os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert await ledger.holder("output") is None
    async with ledger.hold("output", "run-1", ""):
        assert (await ledger.holder("output")).run_id == "run-1"


@pytest.mark.parametrize(
    ("change", "alive"),
    [
        ({}, True),
        ({"pid_started": 1}, False),
        ({"boot": "an earlier one"}, False),
        ({"boot": "an earlier one", "host": "a clone of this machine"}, None),
        ({"boot": "an earlier one", "machine": ""}, None),
        ({"namespace": "pid:[1]"}, None),
        ({"host": "renamed"}, True),
        ({"boot": ""}, None),
    ],
    ids=str,
)
def test_a_process_is_known_by_more_than_its_number(change, alive):
    here = this_process()
    assert replace(here, **change).is_alive(here) is alive


async def test_a_run_on_another_machine_is_left_alone_while_its_beats_go_on(ledger):
    await leave(ledger, ELSEWHERE)
    clock = SteppingClock(meanwhile=lambda: beat(ledger))
    with pytest.raises(OutputInUse, match="process 77 on far-away, since 2026-05-04"):
        async with ledger.hold("output", "run-1", "", patience=clock.patience()):
            pass


async def test_a_run_on_another_machine_is_taken_over_after_a_long_silence(ledger):
    await leave(ledger, ELSEWHERE)
    clock = SteppingClock()
    async with ledger.hold("output", "run-1", "", patience=clock.patience()):
        assert clock.seconds >= 24
        assert (await ledger.holder("output")).run_id == "run-1"


async def test_who_lost_a_lease_is_told_and_does_not_take_it_from_the_new_holder(ledger):
    async with ledger.hold("output", "run-1", "", patience=Patience(beat=0.01)) as lease:
        await leave_instead(ledger)
        await asyncio.wait_for(lease.lost.wait(), 60)
        with pytest.raises(OutputInUse, match="took over"):
            lease.check()
    assert (await ledger.holder("output")).run_id == "run-0"


async def leave_instead(ledger):
    def take_over(connection):
        here = {name: getattr(ELSEWHERE, name) for name in _OWNER}
        connection.execute(update(leases).values({"token": "another", "run_id": "run-0", **here}))

    await ledger.write(take_over)


async def test_a_holder_beats(ledger):
    async def beats():
        return await ledger.read(lambda connection: connection.scalars(select(leases.c.beat)).one())

    async with ledger.hold("output", "run-1", "", patience=Patience(beat=0.01)):
        while await beats() < 3:
            pass


async def test_sends_of_dead_runs_are_lost_and_those_of_live_runs_are_not(ledger):
    gone = replace(this_process(), pid_started=1)
    await leave(ledger, gone, name="output of the dead", run_id="killed")
    await leave(ledger, ELSEWHERE, name="output elsewhere", run_id="elsewhere")
    runs = ["run-1", "killed", "elsewhere", "never held"]
    for run_id in runs:
        await ledger.open_call(a_call(f"open of {run_id}", run_id=run_id))
        await ledger.close_calls([a_call(f"closed of {run_id}", run_id=run_id, outcome="timeout")])
    async with ledger.hold("output", "run-1", ""):
        lost = await ledger.mark_lost()
        assert {(call.run_id, call.outcome, call.ended_at) for call in lost} == {
            ("killed", "lost", None),
            ("never held", "lost", None),
        }
        assert await ledger.mark_lost() == []
    assert [call.run_id for call in await ledger.mark_lost(["run-1", "killed"])] == ["run-1"]
    outcomes = {call.call_id: call.outcome for call in await ledger.calls_of_runs(runs)}
    assert outcomes["open of elsewhere"] == "open"
    assert {outcome for name, outcome in outcomes.items() if name.startswith("closed")} == {"timeout"}


async def test_a_send_that_was_given_up_too_early_still_says_what_came_of_it(ledger):
    await ledger.open_call(a_call())
    await ledger.mark_lost()
    await ledger.close_calls([a_call(outcome="answered")])
    assert [call.outcome for call in await ledger.calls_of(["key"])] == ["answered"]
