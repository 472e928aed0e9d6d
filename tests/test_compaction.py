"""Parts merged between runs: what resumes, retries and replays afterwards is as if nobody had."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from flows.cli import main
from schemas.errors import ExitCode, NoInput, OutputInUse
from tasks import compaction
from tasks.compaction import compact
from tasks.dataset import read_manifest
from tasks.run import replay, retry
from tasks.standing import status
from tests.emulator import Emulator
from tests.mill import Memory, Mill, card, paper

pytestmark = pytest.mark.xdist_group("run")
LARGE = 10**9
TABLES = ("pages", "files", "calls")


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "LISTING", 0.0)


@pytest.fixture
def mill(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Mill:
    """Files of several parts each."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    source = tmp_path / "in"
    source.mkdir()
    card(source / "a.png", "alpha")
    card(source / "b.tiff", "beta", frames=3)
    paper(source / "c.pdf", "one", "two", "three")
    (source / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    return Mill(source, tmp_path / "out", emulator, {"shard_pages": 1})


def tables(mill: Mill) -> dict[str, str]:
    return {name: mill.comparable(name).to_csv() for name in TABLES}


def parts(mill: Mill, table: str) -> list[str]:
    return sorted(path.stem for path in (mill.out / table).glob("*.parquet"))


async def test_the_tables_say_the_same_in_one_file_each(mill):
    await mill.run()
    before = tables(mill)
    assert len(parts(mill, "pages")) == 7

    done = await compact(str(mill.out), None, target_bytes=LARGE)

    assert tables(mill) == before
    assert {table: merged.files_after for table, merged in done.items()} == {
        "pages": 1,
        "files": 2,
        "calls": 1,
        "runs": 1,
    }
    assert "unread" in parts(mill, "files")
    assert done["pages"].rows == len(mill.table("pages"))
    manifest = read_manifest(mill.out)
    assert sorted(manifest.tables["pages"]) == parts(mill, "pages")


async def test_a_run_after_it_asks_nothing_that_was_answered_and_adds_what_is_new(mill):
    await mill.run()
    before = tables(mill)
    asked = mill.emulator.totals().requests
    await compact(str(mill.out), None, target_bytes=LARGE)

    await mill.run()
    assert tables(mill) == before
    assert mill.emulator.totals().requests == asked

    card(mill.source / "new.png", "new")
    record = await mill.run()
    assert (record.calls, record.files) == (1, 5)
    assert len(mill.table("pages")) == 8
    assert len(parts(mill, "pages")) == 2


async def test_a_retry_after_it_asks_only_what_is_wanted_and_keeps_all_other_rows(mill):
    mill.emulator.responder = lambda _: "I'm sorry, I can't read this."
    await mill.run()
    assert set(mill.table("pages")["status"]) == {"suspect"}
    await compact(str(mill.out), None, target_bytes=LARGE)
    mill.emulator.responder = lambda _: "Readable after all."

    record = await retry(mill.config(), ["suspect"], reporter=Memory(), stop=asyncio.Event())

    pages = mill.table("pages")
    assert record.exit_code == ExitCode.PAGES_MISSING  # the broken file
    assert set(pages["text"]) == {"Readable after all."}
    assert len(pages) == len(pages.drop_duplicates(["source", "page_no"])) == 7
    assert mill.table("calls")["input_tokens"].sum() == mill.emulator.totals().input_tokens


async def test_a_replay_after_it_writes_the_same_tables(mill):
    await mill.run()
    before = tables(mill)
    await compact(str(mill.out), None, target_bytes=LARGE)
    await replay(mill.config(), reporter=Memory(), stop=asyncio.Event())
    assert tables(mill) == before
    await compact(str(mill.out), None, target_bytes=LARGE)
    assert tables(mill) == before


async def test_a_file_that_was_read_halfway_is_finished_after_it(mill):
    await mill.run(stop_after=4, in_flight=1)
    await compact(str(mill.out), None, target_bytes=LARGE)
    await mill.run()
    files = mill.table("files").set_index("name")
    assert set(files.drop("broken.pdf")["status"]) == {"success"}
    assert len(mill.table("pages")) == 7
    assert not files.index.duplicated().any()


async def test_how_an_output_stands_is_the_same_after_it(mill):
    await mill.run()
    before = await status(str(mill.out), None)
    await compact(str(mill.out), None, target_bytes=LARGE)
    after = await status(str(mill.out), None)
    assert (after.files, after.pages, after.calls, after.cost) == (
        before.files,
        before.pages,
        before.calls,
        before.cost,
    )


async def test_while_a_run_is_at_work_nothing_is_merged(mill):
    asked, over = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def answer(_: object) -> str:
        loop.call_soon_threadsafe(asked.set)
        asyncio.run_coroutine_threadsafe(over.wait(), loop).result()
        return "late"

    mill.emulator.responder = answer
    run = asyncio.ensure_future(mill.run())
    await asked.wait()
    with pytest.raises(OutputInUse, match="in use by run"):
        await compact(str(mill.out), None, target_bytes=LARGE)
    over.set()
    await run


async def test_what_is_no_output_or_has_its_ledger_elsewhere_is_told(mill, tmp_path):
    with pytest.raises(NoInput, match="is no output of pagemill"):
        await compact(str(tmp_path), None, target_bytes=LARGE)
    await mill.run(ledger=str(tmp_path / "elsewhere.sqlite3"))
    with pytest.raises(NoInput, match=r"the ledger of .* is not at"):
        await compact(str(mill.out), None, target_bytes=LARGE)
    await compact(str(mill.out), str(tmp_path / "elsewhere.sqlite3"), target_bytes=LARGE)


def test_the_command_tells_what_it_did(mill, capsys):
    asyncio.run(mill.run())
    before = len(parts(mill, "pages"))
    assert main(["compact", "--out", str(mill.out), "--target-mb", "0.001"]) == ExitCode.OK
    assert f"pages  {before} files -> {before} files, 7 rows" in capsys.readouterr().out
    assert main(["compact", "--out", str(mill.out), "--json"]) == ExitCode.OK
    done = json.loads(capsys.readouterr().out)
    assert (done["pages"]["files_before"], done["pages"]["files_after"]) == (before, 1)
