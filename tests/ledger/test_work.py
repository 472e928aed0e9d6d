"""Files seen, rows placed, requests asked anew, runs made."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.documents import SourceFile
from schemas.records import RunRecord
from tasks.ledger import KeptRun
from tasks.ledger.places import fold, unfold
from tasks.ports import KnownDocument, Placement
from tests.ledger.samples import START

FILE = SourceFile("/in/a\udcff.pdf", "/in/a\ufffd.pdf", "a.pdf", 100, START, 1_700_000_000_123_456_789)
FOUND = KnownDocument("document", "application/pdf", 3, ("i", "\ud800", "3"), encrypted=False, notes=("odd\0",))


async def test_a_file_is_known_while_its_size_and_time_are_the_same(ledger):
    await ledger.remember_files([(FILE, FOUND)])
    assert await ledger.known_files([FILE, replace(FILE, path="/in/b.pdf")]) == {FILE.path: FOUND}
    assert await ledger.known_files([replace(FILE, size_bytes=101)]) == {}
    assert await ledger.known_files([replace(FILE, mtime_ns=FILE.mtime_ns + 1)]) == {}


async def test_a_changed_file_is_remembered_as_it_is_now(ledger):
    changed, found = replace(FILE, size_bytes=5), replace(FOUND, doc_id="another", page_labels=())
    await ledger.remember_files([(FILE, FOUND)])
    await ledger.remember_files([(changed, found)])
    await ledger.remember_files([])
    assert await ledger.known_files([changed]) == {FILE.path: found}
    assert await ledger.known_files([FILE]) == {}


async def test_placing_a_shard_replaces_what_was_said_of_it(ledger):
    first = [Placement("a.pdf", "A", (1, 2, 3, 7), "shard-1"), Placement("b.pdf", "B", (2,), "shard-1")]
    second = [Placement("a.pdf", "A", (4, 5), "shard-2")]
    await ledger.place("dataset", "recipe", "shard-1", first)
    await ledger.place("dataset", "recipe", "shard-2", second)
    await ledger.place("dataset", "another recipe", "shard-1", second)
    assert await ledger.placements("dataset", "recipe") == first + second
    await ledger.place("dataset", "recipe", "shard-1", first[:1])
    assert await ledger.placements("dataset", "recipe") == second + first[:1]
    await ledger.place("dataset", "recipe", "shard-2", [])
    assert await ledger.placements("dataset", "recipe") == first[:1]
    assert await ledger.placements("another dataset", "recipe") == []


async def test_a_part_that_was_begun_holds_nothing_until_it_is_placed(ledger):
    places = [Placement("a.pdf", "A", (1,), "shard-1")]
    await ledger.begin("dataset", "recipe", "shard-1", "a dead run")
    await ledger.begin("dataset", "another recipe", "shard-2", "a dead run")
    assert await ledger.placements("dataset", "recipe") == []
    assert await ledger.begun("dataset") == [("recipe", "shard-1"), ("another recipe", "shard-2")]
    assert await ledger.begun("another dataset") == []
    await ledger.place("dataset", "recipe", "shard-1", places)
    await ledger.place("dataset", "another recipe", "shard-2", [])
    assert await ledger.begun("dataset") == []
    assert await ledger.placements("dataset", "recipe") == places


async def test_a_stale_shard_is_stale_until_it_is_placed_again(ledger):
    places = [Placement("a.pdf", "A", (1,), "shard-1"), Placement("b.pdf", "B", (1,), "shard-2")]
    for place in places:
        await ledger.place("dataset", "recipe", place.shard_id, [place])
    await ledger.mark_stale("dataset", "recipe", ["shard-2", "unknown"])
    await ledger.mark_stale("another dataset", "recipe", ["shard-1"])
    assert [place.stale for place in await ledger.placements("dataset", "recipe")] == [False, True]
    await ledger.place("dataset", "recipe", "shard-2", [places[1]])
    assert await ledger.placements("dataset", "recipe") == places


async def test_requests_come_to_a_new_generation_each_time_they_are_to_be_asked_anew(ledger):
    assert await ledger.bump(["a", "b", "a"]) == {"a": 1, "b": 1}
    assert await ledger.bump(["b"]) == {"b": 2}
    assert await ledger.generations(["a", "b", "never"]) == {"a": 1, "b": 2}


async def test_runs_are_known_from_their_beginning_and_by_their_end(ledger):
    record = a_run_record("run-1")
    await ledger.open_run("run-1", "dataset", START, record.config)
    await ledger.open_run("run-2", "dataset", START + timedelta(seconds=1), '{"out": "o"}')
    await ledger.open_run("run-3", "another dataset", START)
    await ledger.close_run("dataset", record)
    assert await ledger.runs("dataset") == [
        KeptRun("run-1", "dataset", "partial_success", START, record.finished_at, record.config, record),
        KeptRun("run-2", "dataset", "open", START + timedelta(seconds=1), config='{"out": "o"}'),
    ]


def a_run_record(run_id):
    values = {"int": 7, "float": 0.5, "str": "words, \u4e2d\u6587"}
    given = {
        field.name: values[str(field.type).partition("[")[2].split(" ")[0].strip(",")] for field in _plain_fields()
    }
    times = {"started_at": START, "finished_at": START + timedelta(seconds=2.5)}
    return RunRecord(**{**given, **times, "run_id": run_id, "status": "partial_success", "total_cost": None})


def _plain_fields():
    return [field for field in fields(RunRecord) if field.name not in {"run_id", "status", "started_at", "finished_at"}]


@given(st.lists(st.integers(1, 60), max_size=30))
def test_page_numbers_come_back_in_their_order(page_nos):
    assert unfold(fold(page_nos)) == tuple(page_nos)


def test_page_numbers_are_written_as_ranges():
    assert fold(range(1, 1_001)) == "1-1000"
    assert fold((1, 2, 3, 7, 9, 10)) == "1-3,7,9-10"
