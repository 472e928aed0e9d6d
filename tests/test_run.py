"""The whole road, over real sockets: from a folder to tables, and again."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

import pytest

from schemas.errors import ExitCode, OutputInUse, UsageFault
from tasks.run import replay, retry
from tests.mill import Memory, Mill, billed, card, paper

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

pytestmark = pytest.mark.xdist_group("run")


@pytest.fixture
def mill(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Mill:
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    source = tmp_path / "in"
    source.mkdir()
    return Mill(source, tmp_path / "out", emulator)


def fill(mill: Mill) -> None:
    """Nine readable pages in four files, one of them another one's copy, and two files that are no documents."""
    card(mill.source / "a.png", "alpha")
    card(mill.source / "b.tiff", "beta", frames=3)
    paper(mill.source / "c.pdf", "one", "two")
    (mill.source / "sub").mkdir()
    (mill.source / "sub" / "copy.tiff").write_bytes((mill.source / "b.tiff").read_bytes())
    (mill.source / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    (mill.source / "notes.txt").write_text("no document")


async def test_a_folder_becomes_four_tables_whose_tokens_agree_with_the_service(mill):
    fill(mill)

    record = await mill.run()

    files = mill.table("files").set_index("name")
    assert files["status"].to_dict() == {
        "a.png": "success",
        "b.tiff": "success",
        "c.pdf": "success",
        "sub/copy.tiff": "success",
        "broken.pdf": "failure",
        "notes.txt": "skipped",
    }
    assert files.loc["broken.pdf", "error_kind"] == "corrupt"
    assert files.loc["notes.txt", "error_kind"] == "unsupported"
    assert len(mill.table("pages")) == 9
    totals = mill.emulator.totals()
    expected = {name: getattr(totals, name) for name in ("input_tokens", "output_tokens", "image_tokens")}
    assert billed(mill.table("calls")) == billed(mill.table("files")) == billed(mill.table("pages")) == expected
    assert expected["input_tokens"] > 0
    assert record.input_tokens == record.total_input_tokens == expected["input_tokens"]
    assert (record.status, record.exit_code) == ("partial_success", ExitCode.PAGES_MISSING)
    assert mill.table("runs")["run_id"].to_list() == [record.run_id]


async def test_the_same_bytes_twice_are_asked_once_and_appear_as_two_files(mill):
    fill(mill)

    await mill.run()

    files = mill.table("files").set_index("name")
    assert files.loc["sub/copy.tiff", "duplicate_of"].endswith("b.tiff")
    assert files.loc["sub/copy.tiff", ["calls", "input_tokens", "cost"]].to_list() == [0, 0, 0.0]
    assert files.loc["b.tiff", "calls"] == 3
    pages = mill.table("pages").set_index(["name", "page_no"])["text"]
    assert pages["b.tiff"].to_list() == pages["sub/copy.tiff"].to_list()
    assert mill.emulator.totals().requests == 6


async def test_a_second_run_asks_nothing_and_leaves_every_row_as_it_is(mill):
    fill(mill)
    first = await mill.run()
    before = {name: mill.table(name) for name in ("pages", "files", "calls")}
    asked = mill.emulator.totals().requests

    second = await mill.run()

    assert mill.emulator.totals().requests == asked
    assert before["pages"].equals(mill.table("pages"))
    assert before["calls"].equals(mill.table("calls"))
    assert mill.comparable("files").equals(
        before["files"].drop(columns=["run_id", "finished_at"]).sort_values("source", ignore_index=True)
    )
    assert (second.pages, second.pages_ok, second.total_input_tokens) == (
        first.pages,
        first.pages_ok,
        first.total_input_tokens,
    )
    assert (second.calls, second.cost) == (0, 0.0)


async def test_what_is_new_is_read_and_what_was_renamed_is_free(mill):
    fill(mill)
    await mill.run()
    asked = mill.emulator.totals().requests
    (mill.source / "a.png").rename(mill.source / "z.png")
    card(mill.source / "new.png", "new")

    await mill.run()

    assert mill.emulator.totals().requests == asked + 1
    assert {"z.png", "new.png"} <= set(mill.table("files")["name"])


async def test_a_page_that_fails_is_a_row_with_its_reason_and_its_neighbours_are_read(mill):
    paper(mill.source / "c.pdf", "one", "two", "three")
    mill.emulator.plan.next("400-blocked")

    record = await mill.run(in_flight=1)

    pages = mill.table("pages")
    assert sorted(pages["status"]) == ["blocked", "ok", "ok"]
    bad = pages[pages["status"] == "blocked"].iloc[0]
    assert bad["error_kind"] == "blocked"
    assert bad["error_message"]
    assert mill.table("files")["status"].to_list() == ["partial_success"]
    assert record.exit_code == ExitCode.PAGES_MISSING


async def test_an_interrupted_run_goes_on_and_ends_like_one_that_was_not(mill, tmp_path):
    for number in range(12):
        card(mill.source / f"{number:02}.png", f"card {number}")
    whole = Mill(mill.source, tmp_path / "whole", mill.emulator)
    undisturbed = await whole.run()
    asked = mill.emulator.totals().requests

    first = await mill.run(stop_after=4, in_flight=2)
    second = await mill.run()

    assert (first.status, first.exit_code) == ("interrupted", ExitCode.INTERRUPTED)
    assert 0 < first.pages_ok < 12
    assert mill.emulator.totals().requests == 2 * asked
    for name in ("pages", "files", "calls"):
        assert mill.comparable(name).equals(whole.comparable(name))
    same = ("status", "files", "files_success", "pages", "pages_ok", "total_calls", "total_input_tokens", "total_cost")
    assert [getattr(second, name) for name in same] == [getattr(undisturbed, name) for name in same]


async def test_a_wrong_key_stops_the_run_with_what_mends_it_and_the_next_run_goes_on(mill, monkeypatch):
    for number in range(10):
        card(mill.source / f"{number:02}.png", f"card {number}")
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-wrong")

    refused = await mill.run(in_flight=2)

    assert (refused.status, refused.exit_code) == ("stopped", ExitCode.CREDENTIALS)
    assert "DASHSCOPE_API_KEY" in refused.error_message
    assert mill.emulator.totals().requests <= 2
    monkeypatch.setenv("DASHSCOPE_API_KEY", mill.emulator.key)
    assert (await mill.run()).pages_ok == 10


async def test_retry_asks_only_the_pages_of_the_named_statuses_and_replaces_their_rows(mill):
    paper(mill.source / "c.pdf", "one", "two", "three")
    mill.emulator.plan.next("400-blocked")
    await mill.run(in_flight=1)
    asked = mill.emulator.totals().requests
    parts = sorted(path.name for path in (mill.out / "pages").iterdir())

    record = await retry(mill.config(), ["failed", "blocked"], reporter=Memory(), stop=asyncio.Event())

    assert mill.emulator.totals().requests == asked + 1
    assert mill.table("pages")["status"].to_list() == ["ok", "ok", "ok"]
    assert sorted(mill.table("pages")["generation"]) == [0, 0, 1]
    assert mill.table("files")["status"].to_list() == ["success"]
    assert sorted(path.name for path in (mill.out / "pages").iterdir()) == parts
    assert len(mill.table("calls")) == 4
    assert billed(mill.table("files")) == billed(mill.table("calls"))
    assert record.status == "success"


async def test_retry_leaves_failures_alone_that_were_not_named(mill):
    paper(mill.source / "c.pdf", "one", "two")
    mill.emulator.plan.next("400-blocked")
    await mill.run(in_flight=1)
    asked = mill.emulator.totals().requests

    await retry(mill.config(), ["truncated"], reporter=Memory(), stop=asyncio.Event())
    await replay(mill.config(), reporter=Memory(), stop=asyncio.Event())

    assert mill.emulator.totals().requests == asked
    assert sorted(mill.table("pages")["status"]) == ["blocked", "ok"]


async def test_replay_writes_the_same_rows_again_without_a_call(mill):
    fill(mill)
    await mill.run()
    before = {name: mill.comparable(name) for name in ("pages", "files", "calls")}
    asked = mill.emulator.totals().requests

    record = await replay(mill.config(), reporter=Memory(), stop=asyncio.Event())

    assert mill.emulator.totals().requests == asked
    assert record.pages_kept == 9
    for name, rows in before.items():
        assert mill.comparable(name).equals(rows)


async def test_an_unknown_status_to_retry_is_answered_with_the_known_ones(mill):
    with pytest.raises(UsageFault, match="no page status 'faild'") as fault:
        await retry(mill.config(), ["faild"], reporter=Memory(), stop=asyncio.Event())

    assert "failed" in fault.value.advice


async def test_a_second_run_on_the_same_output_is_told_who_holds_it(mill):
    card(mill.source / "a.png", "alpha")
    mill.emulator.plan.next("hang")
    stop = asyncio.Event()
    memory = Memory()
    first = asyncio.ensure_future(mill.run(memory=memory, call_timeout=60))
    async with asyncio.timeout(30):
        while mill.emulator.totals().requests == 0:  # noqa: ASYNC110 - the emulator runs in another thread
            await asyncio.sleep(0.01)

    with pytest.raises(OutputInUse, match="in use by run"):
        await mill.run()

    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    del stop


async def test_page_ranges_select_and_later_runs_add_the_rest(mill):
    paper(mill.source / "c.pdf", "one", "two", "three", "four")

    some = await mill.run(pages="2-3")
    everything = await mill.run()

    assert (some.pages, some.pages_ok) == (2, 2)
    assert (everything.pages, everything.pages_ok) == (4, 4)
    assert mill.emulator.totals().requests == 4
    assert mill.table("files")["pages_selected"].to_list() == [4]


async def test_sources_without_a_document_are_an_error_of_their_own(mill):
    record = await mill.run()

    assert record.exit_code == ExitCode.NO_INPUT
    assert record.error_kind == "no_input"


async def test_a_path_at_which_nothing_stands_is_no_input_either(mill):
    record = await mill.run(sources=(str(mill.source / "missing.pdf"),))

    assert record.exit_code == ExitCode.NO_INPUT
    assert mill.table("files")["error_kind"].to_list() == ["missing"]


async def test_what_a_model_refuses_for_good_is_asked_of_the_model_that_stands_in_for_it(mill, tmp_path, monkeypatch):
    table = tmp_path / "models.toml"
    table.write_text('[models.qwen3-vl-plus]\nfallback = "qwen3-vl-flash"\n')
    monkeypatch.setenv("PAGEMILL_MODELS", str(table))
    paper(mill.source / "c.pdf", "one", "two", "three")
    mill.emulator.plan.next("400-blocked")

    record = await mill.run(in_flight=1)
    asked = mill.emulator.totals().requests
    await replay(mill.config(), reporter=Memory(), stop=asyncio.Event())

    assert record.status == "success"
    calls = mill.table("calls")
    assert sorted(calls["model"].astype(str)) == ["qwen3-vl-flash", *["qwen3-vl-plus"] * 3]
    assert sorted(calls["outcome"].astype(str)) == ["answered", "answered", "answered", "permanent"]
    assert billed(calls) == billed(mill.table("files"))
    assert mill.emulator.totals().requests == asked == 4


async def test_a_page_that_ends_in_a_loop_is_asked_again_twice_at_most_and_all_of_it_is_accounted(mill):
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda asked: "and so on " * 60 if asked.parameters["temperature"] < 0.5 else "alpha"

    record = await mill.run()
    await replay(mill.config(), reporter=Memory(), stop=asyncio.Event())

    assert record.status == "success"
    assert mill.table("pages")[["text", "status", "calls", "retries"]].to_numpy().tolist() == [["alpha", "ok", 3, 0]]
    assert mill.emulator.totals().requests == len(mill.table("calls")) == 3
    assert billed(mill.table("files")) == billed(mill.table("calls"))


async def test_a_loop_that_does_not_end_is_kept_and_marked_suspect(mill):
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda _: "and so on " * 60

    await mill.run()

    page = mill.table("pages").iloc[0]
    assert (page["status"], page["calls"]) == ("suspect", 3)
    assert [flag["name"] for flag in page["flags"]] == ["repetition"]
    assert page["text"].startswith("and so on")


async def test_the_same_file_goes_on_carrying_the_cost_of_its_copies_when_parts_are_written_anew(mill):
    fill(mill)
    await mill.run(shard_pages=1)
    before = {name: mill.comparable(name) for name in ("pages", "files", "calls")}

    for _ in range(2):
        await replay(mill.config(shard_pages=1), reporter=Memory(), stop=asyncio.Event())

        for name, rows in before.items():
            assert mill.comparable(name).equals(rows)


async def test_a_file_that_is_changed_back_is_current_again(mill):
    card(mill.source / "a.png", "first")
    first = (mill.source / "a.png").read_bytes()
    await mill.run()
    card(mill.source / "a.png", "second")
    await mill.run()
    (mill.source / "a.png").write_bytes(first)

    await mill.run()

    files = mill.table("files").sort_values("finished_at")
    assert files["doc_id"].to_list()[-1] == hashlib.sha256(first).hexdigest()
    assert mill.emulator.totals().requests == 2
