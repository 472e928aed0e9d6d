"""A run into a store: the same tables as on a disk, whole at every moment, and nothing paid for twice."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest

from flows import report, results
from schemas.errors import ExitCode, OutputFault
from tasks.dataset import find_dataset, read_manifest
from tasks.run import replay, retry
from tests.mill import Memory
from tests.places.conftest import OUT, rows

pytestmark = pytest.mark.xdist_group("remote")


async def test_its_tables_are_those_of_a_run_on_a_disk(mill, bucket):
    far, near = await mill.run(), await mill.near().run()
    assert (far.status, far.pages, far.files) == (near.status, near.pages, near.files) == ("partial_success", 6, 4)
    for table in ("pages", "files", "calls"):
        assert rows(mill.table(table)) == rows(mill.near().table(table)), table
    parts = {path.relative_to(mill.near().out).as_posix() for path in mill.near().out.rglob("*.parquet")}
    kept = {key.removeprefix("results/") for key in bucket.held()}
    assert {name for name in parts if not name.startswith("runs/")} < kept
    assert kept - parts - {f"runs/{far.run_id}.parquet"} == {"_pagemill.json", "manifest.json"}
    assert bucket.put_keys[-1] == "results/manifest.json", "the manifest comes last"


async def test_parts_are_the_same_bytes_wherever_they_lie(mill, bucket):
    await mill.run()
    await mill.near().run()
    shard = next(path for path in (mill.near().out / "files").glob("*.parquet") if path.stem != "unread")
    stored = results.open(OUT).arrow("files", ["source", "name", "status", "pages_ok"])
    assert stored.num_rows == 4
    assert f"results/files/{shard.name}" in bucket.held()


async def test_the_manifest_counts_what_is_there(mill, bucket):
    await mill.run()
    manifest = read_manifest(OUT)
    assert manifest is not None
    assert {table: manifest.rows(table) for table in manifest.tables} == {
        table: len(mill.table(table)) for table in manifest.tables
    }
    for table, parts in manifest.tables.items():
        for part, size in parts.items():
            assert size.size_bytes == len(bucket.get(f"results/{table}/{part}.parquet"))


async def test_a_second_run_asks_nothing_and_a_new_file_brings_its_own_rows(mill, bucket, tmp_path):
    first = await mill.run()
    second = await mill.run()
    assert (second.calls, second.pages_kept) == (0, first.pages)
    (tmp_path / "in" / "again.png").write_bytes((tmp_path / "in" / "card.png").read_bytes())
    third = await mill.run()
    assert (third.calls, third.pages) == (0, first.pages + 1)
    assert len(mill.table("pages")) == first.pages + 1
    assert len({find_dataset(OUT).dataset_id, find_dataset(f"{OUT}/").dataset_id}) == 1


async def test_an_interrupted_run_is_gone_on_with(mill):
    stopped = await mill.run(stop_after=2, in_flight=1, shard_pages=2)
    assert stopped.status == "interrupted"
    done = await mill.run(shard_pages=2)
    assert done.status == "partial_success"
    assert rows(mill.table("pages")[["source", "page_no", "text"]]) == rows(
        (await _read_near(mill))[["source", "page_no", "text"]]
    )
    assert mill.emulator.totals().requests == 2 * 6, "each page once for each of the two outputs"


async def _read_near(mill):
    await mill.near().run()
    return mill.near().table("pages")


async def test_failed_pages_are_asked_again_in_their_own_part(mill, bucket):
    mill.emulator.plan.next("400-blocked")
    failed = await mill.run(in_flight=1)
    assert (failed.pages_ok, failed.pages_blocked) == (5, 1)
    parts = [key for key in bucket.held() if key.startswith("results/pages/")]
    mended = await retry(mill.config(), ["blocked"], reporter=Memory(), stop=asyncio.Event())
    assert (mended.pages_ok, mended.pages_blocked, mended.calls) == (6, 0, 1)
    assert [key for key in bucket.held() if key.startswith("results/pages/")] == parts
    replayed = await replay(mill.config(), reporter=Memory(), stop=asyncio.Event())
    assert (replayed.calls, replayed.pages_ok) == (0, 6)


async def test_the_report_lies_beside_the_tables(mill, bucket):
    record = await mill.run()
    assert report.write(record, OUT) == f"{OUT}/report.html"
    page = bucket.get("results/report.html").decode()
    assert "broken.pdf" in page
    assert f"--out {OUT}" in page
    assert bucket.get("results/_pagemill.json")[:1] == b"{"


async def test_an_inbox_around_the_output_is_read_without_it(mill, bucket, tmp_path):
    bucket.put("mail/a.png", (tmp_path / "in" / "card.png").read_bytes())
    there = {"sources": ("s3://inbox/mail/",), "out": "s3://inbox/mail/results"}
    assert (await mill.run(**there)).files == 1
    again = await mill.run(**there)
    assert (again.status, again.files, again.calls) == ("success", 1, 0)


class TestAStoreThatFails:
    async def test_one_that_goes_away_during_a_run_is_waited_for_and_nothing_is_lost(self, mill, bucket, monkeypatch):
        def leave():
            bucket.go_away()
            raise ConnectionResetError

        bucket.when_put["results/pages/"] = leave
        memory = _Returning(bucket)
        record = await mill.run(memory=memory)
        assert (record.status, record.pages_ok) == ("partial_success", 6)
        (note,) = memory.notes
        assert note.startswith(f"{OUT} cannot be reached (")
        assert "\n" not in note
        assert "not-to-be-seen" not in note
        assert len(mill.table("pages")) == 6
        assert mill.emulator.totals().requests == 6

    async def test_one_that_is_away_at_the_start_is_told_of_and_waited_for(self, mill, bucket):
        bucket.go_away()
        memory = _Returning(bucket)
        assert (await mill.run(memory=memory)).status == "partial_success"
        assert len(memory.notes) == 1

    async def test_one_that_stays_away_stops_the_run_and_the_next_writes_the_rows_for_free(
        self, mill, bucket, monkeypatch
    ):
        monkeypatch.setattr("tasks.books.AN_OUTAGE", 0.3)

        def leave():
            bucket.go_away()
            raise ConnectionResetError

        bucket.when_put["results/pages/"] = leave
        stopped = await mill.run()
        assert (stopped.status, stopped.exit_code, stopped.error_kind) == ("stopped", ExitCode.OUTPUT, "output")
        assert "\n" not in stopped.error_message
        assert "cannot be reached" in stopped.error_message
        bucket.come_back()
        asked = mill.emulator.totals().requests
        mended = await mill.run()
        assert (mended.pages_ok, mended.calls) == (6, 0)
        assert mill.emulator.totals().requests == asked == 6

    async def test_rights_that_are_taken_away_stop_the_run_at_once(self, mill, bucket):
        def bar():
            bucket.barred_puts = True

        bucket.when_put["results/pages/"] = bar
        stopped = await mill.run()
        assert stopped.error_message == (
            f"{OUT} cannot be used: the store does not allow it; get the rights to read, list and write: "
            "what is answered is kept, and the same command goes on from there"
        )
        bucket.barred_puts = False
        bucket.denied.clear()
        assert (await mill.run()).calls == 0
        assert len(mill.table("pages")) == 6

    @pytest.mark.parametrize("table", ["pages", "calls", "files", "runs"])
    async def test_an_upload_that_is_cut_once_is_done_again(self, mill, bucket, table):
        def cut():
            raise ConnectionResetError

        bucket.when_put[f"results/{table}/"] = cut
        assert (await mill.run()).pages_ok == 6
        assert len(mill.table("pages")) == 6

    async def test_a_run_that_is_ended_at_once_does_not_wait_for_the_store(self, mill, bucket):
        def leave():
            bucket.go_away()
            raise ConnectionResetError

        bucket.when_put["results/pages/"] = leave
        told = asyncio.Event()

        class Telling(Memory):
            def note(self, message):
                super().note(message)
                told.set()

        work = asyncio.ensure_future(mill.run(memory=Telling()))
        await told.wait()
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        bucket.come_back()
        assert (await mill.run()).pages_ok == 6


class _Returning(Memory):
    """A reporter at whose first note the bucket comes back."""

    def __init__(self, bucket):
        super().__init__()
        self._bucket = bucket

    def note(self, message):
        super().note(message)
        if len(self.notes) == 1:
            threading.Thread(target=self._bucket.come_back).start()


class TestRefusals:
    async def test_no_such_bucket(self, mill):
        with pytest.raises(OutputFault, match="s3://elsewhere/results cannot be used: there is no such bucket"):
            await mill.run(out="s3://elsewhere/results")

    async def test_no_rights(self, mill, bucket):
        bucket.denied.update(("", "results/_pagemill.json", "results"))
        with pytest.raises(OutputFault, match="the store does not allow it") as fault:
            await mill.run()
        assert "rights" in fault.value.advice

    async def test_no_credentials(self, mill, monkeypatch, tmp_path):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
            monkeypatch.setenv(name, str(tmp_path / "none"))
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        with pytest.raises(OutputFault, match="no credentials for it were found in the environment"):
            await mill.run()

    async def test_the_address_of_a_file(self, mill, bucket):
        bucket.put("results", b"a report")
        with pytest.raises(OutputFault, match="s3://inbox/results is an object"):
            await mill.run()

    async def test_a_place_that_holds_something_else(self, mill, bucket):
        bucket.put("results/thesis.doc", b"a thesis")
        with pytest.raises(OutputFault, match=r"is not empty and not an output .*thesis\.doc"):
            await mill.run()
        assert bucket.held() == ["results/thesis.doc"]

    async def test_a_marker_that_is_no_marker(self, mill, bucket):
        bucket.put("results/_pagemill.json", json.dumps({"layout_version": "old"}).encode())
        with pytest.raises(OutputFault, match=r"s3://inbox/results/_pagemill\.json is damaged"):
            await mill.run()
