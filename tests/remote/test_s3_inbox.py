"""An inbox in a bucket: read like a folder, fetched object by object, and only what is new."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from schemas.backfill import Chosen
from schemas.documents import RejectedDocument
from schemas.errors import UsageFault
from tasks.backfill import plan, work
from tasks.remote import Stores, found_at
from tasks.run import retry
from tests.mill import Memory, Mill
from tests.remote.bucket import Bucket, card_bytes, noise, paper_bytes

if TYPE_CHECKING:
    from tests.emulator import Emulator

pytestmark = pytest.mark.xdist_group("remote")


@pytest.fixture
def mill(tmp_path: Path, emulator: Emulator, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Mill:
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return Mill(tmp_path, tmp_path / "out", emulator, {"sources": ("s3://inbox/in/",)})


def fetched_copies(folder: Path) -> list[Path]:
    return [path for place in folder.glob("pagemill-fetched-*") for path in place.iterdir()]


@pytest.fixture
def listed(bucket):
    """Lists an address: names, and what is wrong with each."""
    stores = Stores(longest_wait=0.01)

    def names(address: str) -> list[tuple[str, str | None]]:
        found = found_at(address, stores)
        return [
            (one.file.name, one.error.kind) if isinstance(one, RejectedDocument) else (one.name, None) for one in found
        ]

    return names


class TestListing:
    def test_a_prefix_is_a_folder_in_the_order_of_its_keys_bytes(self, bucket, listed):
        for key in ("in/b.pdf", "in/a/2.pdf", "in/a.pdf", "in/ä #?%41.pdf", "in/.seen/x.pdf", "in/a/", "in2/no.pdf"):
            bucket.put(key, b"" if key.endswith("/") else b"x")
        names = ["a.pdf", "a/2.pdf", "b.pdf", "ä #?%41.pdf"]
        assert listed("s3://inbox/in/") == listed("s3://inbox/in") == [(name, None) for name in names]
        assert listed("s3://inbox/in/a.pdf") == listed("S3://inbox/in/a.pdf") == [("a.pdf", None)]
        assert listed("s3://inbox/in/**/[a2].pdf") == [("a.pdf", None), ("a/2.pdf", None)]
        assert listed("s3://inbox/*/a") == [("in/a/2.pdf", None)]

    def test_what_is_not_there_or_not_open_is_told_as_such(self, bucket, listed):
        bucket.put("in/a.pdf", b"x")
        bucket.put("in/empty.pdf", b"")
        assert listed("s3://inbox/in/") == [("a.pdf", None), ("empty.pdf", "empty")]
        assert listed("s3://inbox/out/") == [("s3://inbox/out/", "missing")]
        assert listed("s3://inbox/out") == [("s3://inbox/out", "missing")]
        assert listed("s3://elsewhere/in/") == [("s3://elsewhere/in/", "missing")]
        assert listed("s3://inbox/in/*.tiff") == [("s3://inbox/in/*.tiff", "missing")]
        bucket.denied.add("")
        assert listed("s3://inbox/in/") == [("s3://inbox/in/", "unreadable")]

    def test_a_store_that_cannot_be_reached_is_tried_a_few_times_and_named(self, bucket, monkeypatch):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
        (found,) = found_at("s3://inbox/in/", Stores(longest_wait=0.01))
        assert isinstance(found, RejectedDocument)
        assert found.error.kind == "unreachable"
        assert "127.0.0.1" not in str(found.error)

    def test_a_long_list_is_asked_for_page_by_page_as_it_is_used(self, bucket):
        bucket.keys_a_page = 10
        for number in range(25):
            bucket.put(f"in/{number:05}.pdf", b"x")
        found = found_at("s3://inbox/in/", Stores())
        first = next(found)
        assert (first.name, bucket.listed) == ("00000.pdf", 1)
        assert (sum(1 for _ in found), bucket.listed) == (24, 3)

    def test_a_list_that_breaks_off_leaves_what_was_listed_and_says_so(self, bucket):
        bucket.keys_a_page = 2
        for number in range(6):
            bucket.put(f"in/{number}.pdf", b"x")
        found = found_at("s3://inbox/in/", Stores(longest_wait=0.01))
        first = next(found)
        bucket.denied.add("")
        assert [first.name, next(found).name] == ["0.pdf", "1.pdf"]
        (last,) = found
        assert (last.file.source, last.error.kind) == ("s3://inbox/in/", "unreadable")

    def test_files_tell_what_their_store_says_of_them(self, bucket):
        bucket.put("in/a.pdf", b"abc")
        (file,) = found_at("s3://inbox/in/", Stores())
        assert (file.source, file.name, file.size_bytes) == ("s3://inbox/in/a.pdf", "a.pdf", 3)
        assert file.version == f'"{hashlib.md5(b"abc", usedforsecurity=False).hexdigest()}"'
        assert file.modified_at.timestamp() == file.mtime_ns / 1e9


class TestARun:
    async def test_an_inbox_is_read_once_and_then_neither_fetched_nor_asked_for_again(self, mill, bucket, tmp_path):
        for number in range(24):
            bucket.put(f"in/{number // 8}/{number:02}.png", card_bytes(tmp_path, f"card {number}"))
        bucket.put("in/scan.tiff", card_bytes(tmp_path, "scan", frames=3))
        letter = paper_bytes(tmp_path, "one", "two")
        bucket.put("in/letter.pdf", letter)
        bucket.put("in/copy of letter.pdf", letter)
        first = await mill.run()
        assert (first.status, first.files, first.pages) == ("success", 27, 24 + 3 + 2 + 2)
        assert mill.emulator.totals().requests == 24 + 3 + 2
        assert sorted(bucket.read) == sorted(set(bucket.read)), "each object once"
        assert len(bucket.read) == 27
        files = mill.table("files")
        assert set(files["source"]) >= {"s3://inbox/in/letter.pdf", "s3://inbox/in/0/00.png"}
        assert set(files["name"]) >= {"letter.pdf", "0/00.png"}
        assert (files["size_bytes"] > 0).all()
        assert not list(tmp_path.glob("pagemill-fetched-*"))

        bucket.forget()
        second = await mill.run()
        assert (second.status, second.pages_kept, second.calls) == ("success", 31, 0)
        assert bucket.read == []

        bucket.put("in/letter.pdf", paper_bytes(tmp_path, "one", "three"))
        third = await mill.run()
        assert bucket.read == ["in/letter.pdf"]
        assert (third.status, third.calls) == ("success", 2)
        assert mill.table("pages").query("source == 's3://inbox/in/letter.pdf'")["page_no"].size == 4

    async def test_one_that_goes_one_that_is_barred_and_one_cut_off_cost_no_other(self, mill, bucket, tmp_path):
        for name in ("a", "barred", "cut", "gone", "once", "z"):
            bucket.put(f"in/{name}.png", card_bytes(tmp_path, name))
        bucket.denied.add("in/barred.png")
        bucket.cut = {"in/cut.png": 99, "in/once.png": 1}
        bucket.when_read["in/gone.png"] = lambda: bucket.delete("in/gone.png")
        memory = Memory()
        record = await mill.run(memory=memory)
        assert (record.status, record.exit_code, record.files_success, record.files_failure) == (
            "partial_success", 1, 3, 3,
        )  # fmt: skip
        assert {one.file.name: one.error.kind for one in memory.rejections} == {
            "barred.png": "unreadable", "cut.png": "unreachable", "gone.png": "missing",
        }  # fmt: skip
        assert bucket.read.count("in/cut.png") == 4
        assert bucket.read.count("in/once.png") == 2
        assert all("\n" not in str(one.error) for one in memory.rejections)

        bucket.denied.clear()
        bucket.cut.clear()
        mended = await mill.run()
        assert (mended.status, mended.files, mended.pages_kept) == ("success", 5, 3)

    async def test_a_bucket_that_was_away_leaves_no_trace_once_it_is_back(self, mill, bucket, tmp_path):
        bucket.put("in/a.png", card_bytes(tmp_path, "a"))
        bucket.denied.add("")
        away = await mill.run()
        assert (away.status, away.exit_code, away.files_failure) == ("failed", 4, 1)
        assert list(mill.table("files")["source"]) == ["s3://inbox/in/"]
        bucket.denied.clear()
        assert (await mill.run()).status == "success"
        assert list(mill.table("files")["source"]) == ["s3://inbox/in/a.png"]

    async def test_an_inbox_that_does_not_exist_fails_the_run(self, mill):
        record = await mill.run(sources=("s3://no-such-bucket/in/",))
        assert (record.status, record.exit_code, record.error_kind) == ("failed", 4, "no_input")

    async def test_pages_of_a_document_that_is_away_when_it_is_drawn_are_failed_and_can_be_asked_again(
        self, mill, bucket, tmp_path
    ):
        for name in ("a", "b"):
            bucket.put(f"in/{name}.png", card_bytes(tmp_path, name))
        await mill.run()
        bucket.denied.add("in/b.png")
        otherwise = {"text_format": "plain"}
        record = await mill.run(**otherwise)
        assert (record.status, record.pages_ok, record.pages_failed) == ("partial_success", 1, 1)
        (failed,) = mill.table("pages").query("status == 'failed'").itertuples()
        assert (failed.name, failed.error_kind) == ("b.png", "unreadable")
        bucket.denied.clear()
        mended = await retry(mill.config(**otherwise), ["failed"], reporter=Memory(), stop=asyncio.Event())
        assert (mended.status, mended.pages_ok) == ("success", 2)

    async def test_copies_never_take_more_than_their_room_and_are_deleted_when_read(self, mill, bucket, tmp_path):
        for number in range(6):
            bucket.put(f"in/{number}.bmp", noise(400))
        seen: list[int] = []

        class Watching(Memory):
            def page(self, record):
                seen.append(sum(path.stat().st_size for path in fetched_copies(tmp_path) if path.exists()))
                super().page(record)

        record = await mill.run(memory=Watching(), fetch_mb=1, shard_pages=2)
        assert (record.status, record.pages_ok) == ("success", 6)
        assert max(seen) <= 1_000_000
        assert not fetched_copies(tmp_path)

    async def test_one_larger_than_the_room_is_refused_before_it_is_fetched(self, mill, bucket):
        bucket.put("in/large.bmp", noise(1_500))
        memory = Memory()
        await mill.run(memory=memory, fetch_mb=1)
        assert [(one.error.kind, bucket.read) for one in memory.rejections] == [("too_large", [])]

    async def test_no_key_and_no_secret_stands_in_any_table_or_message(self, mill, bucket, tmp_path):
        bucket.put("in/a.png", card_bytes(tmp_path, "a"))
        bucket.put("in/barred.png", b"x")
        bucket.denied.add("in/barred.png")
        await mill.run()
        everything = b"".join(path.read_bytes() for path in mill.out.rglob("*") if path.is_file())
        assert b"not-to-be-seen" not in everything
        assert b"AKIAEXAMPLE" not in everything

    async def test_an_object_that_changes_between_its_pieces_is_not_half_of_each(
        self, mill, bucket, tmp_path, monkeypatch
    ):
        monkeypatch.setattr("tasks.remote.stores.BLOCK", 100_000)
        monkeypatch.setattr("tasks.remote.fetching.BLOCK", 100_000)
        bucket.put("in/a.bmp", noise(400))
        other = noise(400)
        bucket.when_read["in/a.bmp"] = lambda: bucket.when_read.update(
            {"in/a.bmp": lambda: bucket.put("in/a.bmp", other)}
        )
        memory = Memory()
        await mill.run(memory=memory)
        assert [one.error.kind for one in memory.rejections] == ["changed"]


def test_copies_of_a_killed_process_go_when_the_next_one_begins(tmp_path, monkeypatch):
    from tasks.remote.depot import _OwnFolder

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "pagemill-fetched-dead").mkdir()
    (tmp_path / "pagemill-fetched-dead" / "1").write_bytes(b"a page")
    living = _OwnFolder()
    other = _OwnFolder()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([living.path.name, other.path.name])
    assert oct(living.path.stat().st_mode & 0o777) == "0o700"
    living.close()
    other.close()
    assert not list(tmp_path.iterdir())


async def test_a_backfill_over_a_bucket_takes_what_was_planned_as_it_stands_now(mill, bucket, tmp_path):
    for number in range(6):
        bucket.put(f"in/{number}.png", card_bytes(tmp_path, f"card {number}"))
    config = mill.config()
    planned = await plan(config, Chosen(share_pages=4), deadline=None, reporter=Memory(), stop=asyncio.Event())
    bucket.put("in/2.png", card_bytes(tmp_path, "another card"))
    bucket.delete("in/4.png")
    place = str(mill.out / "ledger.sqlite3")
    turns = []
    while not turns or turns[-1].rests is None:
        turns.append(await work(place, planned.backfill_id, reporter=Memory(), stop=asyncio.Event()))
    files = mill.table("files").set_index("name")
    assert list(files.sort_index()["status"]) == ["success"] * 4 + ["failure", "success"]
    assert files.loc["4.png", "error_kind"] == "missing"
    assert mill.emulator.totals().requests == 5


async def test_a_plan_keeps_no_signature(mill, tmp_path):
    addresses = tmp_path / "addresses.txt"
    addresses.write_text("https://host.example/a.pdf?sig=TOPSECRET\n")
    config = mill.config(sources=(f"@{addresses}",), allow_urls=True)
    with pytest.raises(UsageFault, match="a plan keeps no secrets") as told:
        await plan(config, Chosen(), deadline=None, reporter=Memory(), stop=asyncio.Event())
    assert "TOPSECRET" not in str(told.value)
