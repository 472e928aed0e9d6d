"""Processes that write to one store: killed in the midst of an upload, begun at once, sharing a backfill."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack

import pytest

from schemas.errors import ExitCode
from tasks.books import open_books
from tasks.dataset import open_dataset, read_manifest
from tests.mill import card
from tests.places.conftest import OUT, rows
from tests.proofs.lives import Life, command

pytestmark = pytest.mark.xdist_group("remote")
SECRET = "not-to-be-seen"  # noqa: S105 - of a bucket on loopback


def words(mill, *options):
    return [
        OUT if word == str(mill.out) else word
        for word in command(mill, "--ledger", mill.out / "ledger.sqlite3", *options)
    ]


@pytest.mark.long
@pytest.mark.parametrize("table", ["pages", "files"])
async def test_a_run_that_is_killed_in_the_midst_of_an_upload_leaves_nothing_half(mill, bucket, table):
    arrived, dead = threading.Event(), threading.Event()

    def hang():
        arrived.set()
        dead.wait(60)
        raise ConnectionResetError

    bucket.when_put[f"results/{table}/"] = hang
    with Life(words(mill)) as life:
        assert arrived.wait(60), life.end()
        life.kill()
    dead.set()
    assert not [key for key in bucket.held() if key.startswith(f"results/{table}/")]
    asked = mill.emulator.totals().requests
    mended = await mill.run()
    assert (mended.pages_ok, mended.calls) == (6, 0)
    assert mill.emulator.totals().requests == asked == 6
    await mill.near().run()
    for name in ("pages", "files"):
        assert rows(mill.table(name)) == rows(mill.near().table(name))


def test_of_two_runs_that_begin_at_once_one_works_and_the_other_says_so(mill, bucket):
    mill.emulator.plan.always("hang")
    with Life(words(mill)) as one, Life(words(mill)) as other:
        lives = {one, other}
        while not any(life.is_over for life in lives):
            next(iter(lives)).live(0.1)
        (over,) = [life for life in lives if life.is_over]
        code, said = over.end()
        assert code == ExitCode.OUTPUT_IN_USE, said
        assert f"{OUT} is in use by run " in said
        assert SECRET not in said
    assert [key for key in bucket.put_keys if key.endswith("_pagemill.json")] == ["results/_pagemill.json"]


@pytest.mark.parametrize("knows_conditions", [True, False])
async def test_an_output_is_made_once_however_many_begin_at_once(mill, bucket, knows_conditions):
    bucket.knows_conditions = knows_conditions

    async def opened():
        async with AsyncExitStack() as stack:
            dataset, _ = await stack.enter_async_context(open_books(mill.config()))
            return dataset.dataset_id

    assert len(set(await asyncio.gather(*(opened() for _ in range(4))))) == 1


def test_runs_with_ledgers_of_their_own_make_one_output_where_the_store_knows_conditions(bucket):
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(open_dataset, [OUT] * 8))
    assert len({info.dataset_id for info in made}) == 1
    assert json.loads(bucket.get("results/_pagemill.json"))["dataset_id"] == made[0].dataset_id


@pytest.mark.long
def test_two_processes_share_a_backfill_and_no_page_is_asked_twice(mill, bucket, tmp_path):
    for number in range(12):
        card(mill.source / f"{number:02}.png", f"number {number}")
    run = words(mill, "--shards-per-run", 1, "--shard-pages", 2)
    backfill = ["backfill" if word == "run" else word for word in run]
    with Life(backfill) as one, Life(backfill) as other:
        ends = [one.end(), other.end()]
    assert {code for code, _ in ends} <= {ExitCode.OK, ExitCode.NO_INPUT}, ends
    assert ExitCode.OK in {code for code, _ in ends}, ends
    assert mill.emulator.totals().requests == 18
    manifest = read_manifest(OUT)
    assert (manifest.rows("pages"), manifest.rows("calls")) == (18, 18)
    assert mill.table("files")["status"].astype(str).value_counts().to_dict() == {"success": 15, "failure": 1}


async def test_secrets_of_the_store_stand_nowhere(mill, bucket):
    with Life(words(mill)) as life:
        _, said = life.end()
    stored = b"".join(bucket.get(key) for key in bucket.held())
    ledger = b"".join(path.read_bytes() for path in mill.out.rglob("*") if path.is_file())
    for secret in (SECRET, "AKIAEXAMPLE"):
        assert secret not in said
        assert secret.encode() not in stored + ledger
