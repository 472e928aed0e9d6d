"""A backfill: planned once, done in shares by whoever comes, every page once."""

from __future__ import annotations

import asyncio
import itertools
import os
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from schemas.backfill import Chosen
from schemas.errors import CredentialFault, OutputInUse
from schemas.spending import Spending
from tasks.backfill import plan, standing, work, working
from tasks.dataset import read_manifest
from tasks.ledger import Patience, Vigil, open_ledger, vigil
from tests.ledger.test_leases import ELSEWHERE, leave
from tests.mill import Memory, Mill, billed, card

SMALL = Chosen(share_pages=4)


@pytest.fixture
def mill(tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    (tmp_path / "in").mkdir()
    for number in range(12):
        card(tmp_path / "in" / f"{number:02}.png", f"card {number}")
    return Mill(tmp_path / "in", tmp_path / "out", emulator, {"shard_pages": 2})


class Office:
    """Plans a backfill, and takes turns at it."""

    def __init__(self, mill):
        self.mill = mill
        self.place = str(mill.out / "ledger.sqlite3")
        self.id = ""

    async def plan(self, chosen=SMALL, *, deadline=None, **settings):
        config = self.mill.config(**settings)
        made = await plan(config, chosen, deadline=deadline, reporter=Memory(), stop=asyncio.Event())
        self.id = made.backfill_id
        return made

    async def turn(self, *, stop_after=None, vigil=None):
        memory = Memory(stop=asyncio.Event(), stop_after=stop_after)
        return await work(self.place, self.id, reporter=memory, stop=memory.stop, vigil=vigil)

    async def all_turns(self):
        turns = [await self.turn()]
        while turns[-1].rests is None:
            turns.append(await self.turn())
        return turns

    async def all_turns_or_stop(self):
        """As the command does: a share that stopped and got on no further ends it."""
        while (turn := await self.turn()).rests is None:
            if turn.record.status == "stopped" and not turn.record.calls:
                return

    async def stands(self):
        async with open_ledger(self.place) as ledger:
            return await standing(ledger, self.id)

    async def left_elsewhere(self):
        """Let a machine that is silent since have taken the first share."""
        async with open_ledger(self.place) as ledger:
            stands = await self.stands()
            share = stands.shares[0]
            await ledger.take_up(share, "run-0", None, Spending(), cost_known=0)
            await leave(ledger, ELSEWHERE, name=f"output {stands.backfill.dataset_id}/{share.lease}")
        return share

    async def change(self, **values):
        async with open_ledger(self.place) as ledger:
            await ledger.change_backfill(self.id, **values)


@pytest.fixture
def office(mill):
    return Office(mill)


async def test_a_backfill_leaves_what_one_run_leaves(office, mill, tmp_path):
    await office.plan()
    turns = await office.all_turns()
    assert [turn.rests for turn in turns] == [None, None, None, "finished"]
    whole = Mill(mill.source, tmp_path / "whole", mill.emulator, mill.settings)
    await whole.run()
    for table in ("pages", "files", "calls"):
        pd.testing.assert_frame_equal(mill.comparable(table), whole.comparable(table))
    assert read_manifest(mill.out).rows("pages") == 12


async def test_two_side_by_side_read_every_page_once(office, mill):
    await office.plan()
    await asyncio.gather(office.all_turns(), office.all_turns())
    assert sorted(mill.table("pages")["name"]) == sorted(path.name for path in mill.source.iterdir())
    assert len(mill.emulator.calls) == 12
    assert sorted(mill.table("files")["name"]) == sorted(mill.table("pages")["name"])
    assert billed(mill.table("pages")) == billed(mill.table("calls"))
    stands = await office.stands()
    assert stands.backfill.finished_at is not None
    assert stands.pages_done == stands.pages == 12
    assert (await office.turn()).rests == "finished"


async def test_the_same_bytes_under_two_names_are_asked_for_once_however_far_apart(office, mill):
    (mill.source / "99.png").write_bytes((mill.source / "00.png").read_bytes())
    await office.plan()
    await asyncio.gather(office.all_turns(), office.all_turns())
    assert len(mill.table("pages")) == 13
    assert len(mill.emulator.calls) == 12


async def test_files_that_cannot_be_read_are_listed_whoever_meets_them(office, mill):
    for number in (0, 50, 99):
        (mill.source / f"{number:02}.pdf").write_bytes(b"%PDF-1.4 nothing that follows makes sense")
    await office.plan()
    await asyncio.gather(office.all_turns(), office.all_turns())
    files = mill.table("files")
    assert len(files) == 15
    assert sorted(files[files["status"] == "failure"]["name"]) == ["00.pdf", "50.pdf", "99.pdf"]


async def test_what_was_read_before_is_not_planned(office, mill):
    await mill.run(sources=(str(mill.source / "0?.png"),), ledger=office.place)
    await office.plan()
    assert (await office.stands()).pages == 2
    await office.all_turns()
    assert len(mill.emulator.calls) == 12


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ({"match": "0[0-3]*"}, ["00.png", "01.png", "02.png", "03.png"]),
        ({"limit": 2}, ["00.png", "01.png"]),
        ({"since": datetime(2020, 1, 2, tzinfo=UTC), "until": datetime(2020, 1, 4, tzinfo=UTC)}, ["02.png", "03.png"]),
    ],
)
async def test_only_the_files_that_are_meant_are_read(office, mill, chosen, names):
    for number, path in enumerate(sorted(mill.source.iterdir())):
        seconds = (datetime(2019, 12, 31, tzinfo=UTC) + timedelta(days=number)).timestamp()
        os.utime(path, (seconds, seconds))
    await office.plan(Chosen(**chosen))
    await office.all_turns()
    assert sorted(mill.table("pages")["name"]) == names


async def test_an_interrupted_share_is_taken_up_and_nothing_is_asked_twice(office, mill):
    await office.plan()
    turn = await office.turn(stop_after=2)
    assert turn.record.status == "interrupted"
    assert (await office.stands()).shares[0].ended == "interrupted"
    await office.all_turns()
    assert len(mill.table("pages")) == len(mill.emulator.calls) == 12


async def test_a_share_of_a_machine_that_fell_silent_is_taken_by_who_waits_for_it(office, mill):
    await office.plan()
    share = await office.left_elsewhere()
    assert (await office.all_turns())[-1].rests == "taken"
    seconds = itertools.count(step=3)
    watch = Vigil(Patience(silence=24, monotonic=lambda: next(seconds)))
    waited = 0
    while (turn := await office.turn(vigil=watch)).rests == "taken":
        waited += 1
    assert waited == 8
    assert (turn.share.number, turn.record.status) == (share.number, "success")
    assert (await office.turn()).rests == "finished"
    assert len(mill.table("pages")) == len(mill.emulator.calls) == 12


async def test_a_run_at_work_watches_the_others(office, mill, monkeypatch):
    monkeypatch.setattr(working, "LOOK", 0.01)
    seconds = itertools.count(step=3)
    monkeypatch.setattr(vigil, "Patience", lambda: Patience(silence=24, monotonic=lambda: next(seconds)))
    mill.emulator.latency = 4.0
    await office.plan()
    share = await office.left_elsewhere()
    assert (await office.turn()).share.number != share.number
    assert [one.number for one in (await office.stands()).abandoned] == [share.number]


async def test_what_auto_meant_when_it_was_planned_holds_for_who_has_no_key(office, monkeypatch):
    await office.plan(backend="auto")
    monkeypatch.delenv("DASHSCOPE_API_KEY")
    monkeypatch.setattr("dashscope.api_key", None)  # what the SDK found when another test imported it
    with pytest.raises(CredentialFault):
        await office.turn()


async def test_a_paused_backfill_rests_until_it_is_let_go_on(office, mill):
    await office.plan()
    await office.change(paused=True)
    assert (await office.turn()).rests == "paused"
    await office.change(paused=False)
    assert (await office.turn()).record.status == "success"


async def test_behind_its_deadline_nothing_begins(office, mill):
    await office.plan(deadline=datetime.now(UTC) - timedelta(seconds=1))
    assert (await office.turn()).rests == "deadline"
    assert not mill.emulator.calls


async def test_a_budget_holds_for_the_whole_whoever_spends_it(office, mill):
    await office.plan(max_pages=7)
    await asyncio.gather(office.all_turns_or_stop(), office.all_turns_or_stop())
    assert len(mill.emulator.calls) <= 7
    for _ in range(7):  # what was given to one of them and not needed, or dropped by its stop, is there for the next
        if len(mill.emulator.calls) < 7:
            await office.all_turns_or_stop()
    await office.all_turns_or_stop()
    assert len(mill.emulator.calls) == 7
    spent = [share.spent.pages for share in (await office.stands()).shares]
    assert sum(spent) == 7


async def test_a_call_of_which_nobody_knows_counts_against_the_budget_and_is_not_shown_as_money_spent(office, mill):
    mill.emulator.plan.next("hang")
    await office.plan(call_timeout=1, max_cost=1_000)
    await office.all_turns()
    stands = await office.stands()
    known = mill.table("calls")["cost"].dropna().astype(float).sum()
    assert mill.table("calls")["cost"].isna().any()
    assert stands.cost == pytest.approx(known)
    assert sum(share.spent.cost for share in stands.shares) > 1.5 * known


async def test_one_output_has_one_unfinished_backfill(office, mill):
    first = await office.plan()
    assert (await office.plan()).backfill_id == first.backfill_id
    with pytest.raises(OutputInUse, match=f"{first.backfill_id} into this output is not finished"):
        await office.plan(Chosen(share_pages=9))


async def test_no_run_over_the_whole_begins_while_a_share_is_worked_at(office, mill):
    await office.plan()
    async with open_ledger(office.place) as ledger:
        stands = await office.stands()
        name = f"output {stands.backfill.dataset_id}/{stands.shares[0].lease}"
        async with ledger.hold(name, "run-1", "somebody"):
            with pytest.raises(OutputInUse, match=r"is in use by run run-1"):
                await mill.run()
    assert (await mill.run()).status == "success"
