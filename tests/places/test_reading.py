"""Results in a store are read where they lie: by our API, by pandas and DuckDB, as the guide shows it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows import results
from flows.artifacts import files_to_show
from schemas.errors import NoInput, OutputFault
from schemas.records import FileRecord, ReviewRecord
from tasks.compaction import compact
from tasks.dataset import find_dataset
from tasks.places import place_at
from tasks.reviews import Sitting, add_reviews, read_reviews
from tasks.sinks import open_sink, read_each
from tasks.standing import status
from tests.places.conftest import OUT
from tests.sinks.rows import example

pytestmark = pytest.mark.xdist_group("remote")
GUIDE = (Path(__file__).parents[2] / "docs" / "objects.md").read_text(encoding="utf-8")


async def test_the_examples_of_the_guide_run(mill, bucket, monkeypatch, capsys):
    await mill.run()
    monkeypatch.setenv("AWS_ENDPOINT_URL", bucket.url)
    names = {}
    for code in re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL):
        exec(compile(code.replace("s3://archive/", "s3://inbox/"), "docs/objects.md", "exec"), names)  # noqa: S102
    assert len(names["pages"]) == sum(count for _, count in names["found"]) == 6
    assert "ok" in capsys.readouterr().out


async def test_columns_that_are_not_asked_for_are_not_fetched_of_large_files(mill, bucket, monkeypatch):
    await mill.run()
    monkeypatch.setattr("tasks.places.scanning.SMALL", 0)
    monkeypatch.setattr("tasks.places.scanning.BLOCK", 4_096)
    with results.open(OUT) as read:
        assert read.frame("pages", ["status"])["status"].size == 6
        assert read.document("card.png").page(1).status in {"ok", "suspect"}
        assert len(read.readings) == 4


async def test_status_and_tables_of_a_flow_are_those_of_the_place(mill):
    await mill.run()
    stands = await status(OUT, str(mill.out / "ledger.sqlite3"))
    assert (sum(stands.pages.values()), stands.files["failure"]) == (6, 1)
    shown = files_to_show(OUT)
    assert (len(shown), shown[0]["name"]) == (4, "broken.pdf")


async def test_what_is_no_output_is_told_as_such(mill, bucket):
    assert find_dataset(OUT) is None
    with pytest.raises(NoInput, match="s3://inbox/results is no output of pagemill"):
        results.open(OUT)
    bucket.go_away()
    with pytest.raises(OutputFault, match=r"s3://inbox/results cannot be reached \("):
        results.open(OUT)
    bucket.come_back()


async def test_marks_of_reviewers_lie_beside_the_tables(mill, bucket):
    await mill.run()
    sitting = Sitting(OUT, datetime.now(UTC))
    sitting.mark(example(ReviewRecord, mark="right"))
    sitting.mark(example(ReviewRecord, mark="wrong"))
    add_reviews(OUT, [example(ReviewRecord, mark="right")], b"a file")
    assert sorted(mark.mark for mark in read_reviews(OUT)) == ["right", "right", "wrong"]
    assert len([key for key in bucket.held() if key.startswith("results/reviews/")]) == 2


def test_many_parts_come_in_their_order_and_each_once(bucket):
    sink = open_sink(OUT)
    names = [f"part-{number:02}" for number in range(40)]
    for number, name in enumerate(names):
        sink.write("files", name, [example(FileRecord, name=f"{number}.pdf")] * (number % 3))
    bucket.forget()
    read = list(read_each(sink, "files", names))
    assert [[row.name for row in rows] for rows in read] == [[f"{number}.pdf"] * (number % 3) for number in range(40)]
    assert len(bucket.read) == 40
    assert [size.rows for size in sink.sizes("files").values()] == [number % 3 for number in range(40)]
    assert sink.read("files", "part-99") == ()


async def test_merging_is_refused_before_anything_is_written(mill, bucket):
    await mill.run()
    bucket.forget()
    with pytest.raises(OutputFault, match="no store swaps many objects for one"):
        await compact(OUT, str(mill.out / "ledger.sqlite3"), target_bytes=1_000_000)
    assert bucket.put_keys == []


async def test_an_output_that_was_merged_on_a_disk_is_read_and_added_to_in_a_store(mill, bucket, tmp_path):
    near = mill.near()
    ledger = str(near.out / "ledger.sqlite3")
    await near.run(shard_pages=2)
    before = {part: open_sink(near.out).read("pages", part) for part in open_sink(near.out).parts("pages")}
    await compact(str(near.out), ledger, target_bytes=10_000_000)
    for path in [*near.out.rglob("*.parquet"), *near.out.glob("*.json")]:
        if ".aside" not in path.parts:
            bucket.put(f"results/{path.relative_to(near.out).as_posix()}", path)
    there = open_sink(place_at(OUT))
    assert len(there.parts("pages")) == 1
    assert {part: there.read("pages", part) for part in before} == before
    again = await mill.run(shard_pages=2, ledger=ledger)
    assert (again.calls, again.pages_kept) == (0, 6)
    with pytest.raises(OutputFault, match="was merged with others"):
        there.write("pages", next(iter(before)), ())
