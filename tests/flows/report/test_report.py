"""The report of a run: what it says is so, whoever chose the names, and however the run ended."""

from __future__ import annotations

import re
import shlex
from html.parser import HTMLParser

import pytest

from flows.cli import main
from flows.report import FILE, leave, write
from flows.report.gather import gather as gathered
from flows.report.html import html
from flows.report.markdown import markdown
from schemas.errors import ExitCode
from schemas.records import CallRecord, FileRecord, PageRecord, RunRecord
from tasks.dataset import open_dataset
from tasks.sinks.parquet import ParquetSink
from tests.mill import Mill, card, paper
from tests.sinks.rows import example

HOSTILE = "a|b<script>alert(1)</script>`*.pdf"


@pytest.fixture
def mill(tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    source = tmp_path / "in"
    source.mkdir()
    return Mill(source, tmp_path / "out", emulator)


def words(mill):
    pace = ["--rpm", "60000", "--tpm", "1e9", "--workers", "1", "--backend", "dashscope", "--quiet"]
    return ["run", str(mill.source), "--out", str(mill.out), "--base-url", mill.emulator.base_url, *pace]


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.words = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.words.append(data)


def test_every_run_leaves_one_and_the_next_replaces_it(mill, capsys):
    paper(mill.source / "a.pdf", "one", "two")
    assert main(words(mill)) == ExitCode.OK
    first = (mill.out / FILE).read_text(encoding="utf-8")
    assert "success: 2 of 2 pages read" in first
    assert main(["replay", "--out", str(mill.out), "--quiet"]) == ExitCode.OK
    assert (mill.out / FILE).read_text(encoding="utf-8") != first
    assert "no report" not in capsys.readouterr().err


async def test_it_says_what_was_wrong_and_the_command_that_asks_again_works(mill, monkeypatch):
    paper(mill.source / "good.pdf", "one")
    card(mill.source / "lost.png", "never")
    (mill.source / "broken.pdf").write_bytes(b"%PDF-1.4 nothing")
    mill.emulator.reader = lambda picture, _: "I'm sorry, I can't assist with that." if picture.width == 160 else "one"
    report = gathered(await mill.run(), str(mill.out))

    by_status = {problem.status: problem for problem in report.problems}
    assert set(by_status) == {"suspect", "failure"}
    assert by_status["suspect"].example == "lost.png p. 1"
    assert by_status["failure"].example == "broken.pdf"
    assert [file.name for file in report.files] == ["broken.pdf", "lost.png", "good.pdf"]
    assert report.files_by_status == (("success", 1), ("partial_success", 1), ("failure", 1))
    command = shlex.split(by_status["suspect"].command)
    assert command == ["pagemill", "retry", "--out", str(mill.out), "--only", "suspect"]
    assert by_status["suspect"].command in markdown(report)


async def test_the_estimate_stands_beside_what_it_came_to(mill):
    paper(mill.source / "a.pdf", "one", "two", "three")
    record = await mill.run()
    expected = gathered(record, str(mill.out)).expected

    calls = mill.table("calls")
    assert expected.requests == 3
    assert expected.input_tokens == calls["input_tokens"].sum() == expected.actual_input
    assert (expected.output_low, expected.output_likely, expected.output_high) == (450, 1_800, 5_400)
    assert expected.actual_output == calls["output_tokens"].sum()
    assert all(cost.startswith("¥") for cost in (expected.cost_low, expected.cost_likely, expected.actual_cost))
    assert "1,800 (450 to 5,400)" in markdown(gathered(record, str(mill.out)))


async def test_a_run_that_asked_nothing_has_no_estimate(mill):
    paper(mill.source / "a.pdf", "one")
    await mill.run()
    again = gathered(await mill.run(), str(mill.out))

    assert again.expected is None
    assert [file.name for file in again.files] == ["a.pdf"]


async def test_slow_and_dear_files_are_named(mill):
    paper(mill.source / "long.pdf", *(f"page {number}" for number in range(6)))
    paper(mill.source / "short.pdf", "one")
    report = gathered(await mill.run(in_flight=1), str(mill.out))

    assert [ranked.name for ranked in report.dearest] == ["long.pdf", "short.pdf"]
    assert {ranked.name for ranked in report.slowest} == {"long.pdf", "short.pdf"}
    assert all(re.fullmatch(r"[\d.]+ s of calls", ranked.figure) for ranked in report.slowest)


async def test_hostile_names_are_text_in_both(mill):
    try:
        paper(mill.source / HOSTILE.replace("/", "_"), "one")
    except OSError:
        pytest.skip("this file system takes no such name")
    (mill.source / "<img src=x onerror=a()>.pdf").write_bytes(b"%PDF-1.4 <b>")
    report = gathered(await mill.run(), str(mill.out))

    elements = Elements(html(report))
    assert "script" not in elements.tags
    assert "img" not in elements.tags
    assert "<img src=x onerror=a()>.pdf" in elements.words
    assert "<script>" not in markdown(report)
    assert "<img" not in markdown(report)


async def test_it_asks_nobody_for_anything(mill):
    paper(mill.source / "a.pdf", "one")
    page = html(gathered(await mill.run(), str(mill.out)))

    assert "default-src &#39;none&#39;; script-src &#39;none&#39;; style-src &#39;sha256-" in page
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?!data:,)[a-z]""", page)
    assert " style=" not in page


async def test_the_worst_of_many_files_are_listed_and_it_says_of_how_many(tmp_path, monkeypatch):
    monkeypatch.setattr("flows.report.gather.WORST", 5)
    out, rows = made(tmp_path, files=300)
    report = gathered(rows, str(out))

    assert len(report.files) == 5
    assert {file.status for file in report.files} == {"failure"}
    assert "5 of 300, the worst first" in html(report)


async def test_what_hinders_the_report_is_noted_and_no_more(tmp_path):
    out, record = made(tmp_path, files=1)
    (out / FILE).mkdir()
    (out / FILE / "in the way").touch()
    notes = []
    await leave(record, str(out), notes.append)

    assert len(notes) == 1
    assert notes[0].startswith("no report could be left: ")
    (out / "files" / "bad.parquet").write_bytes(b"nothing")
    await leave(record, str(out), notes.append)
    assert "cannot be read" in notes[1]


def test_a_run_that_ended_before_there_was_a_table_has_one(tmp_path):
    open_dataset(tmp_path)
    record = example(RunRecord, status="stopped", error_kind="budget", error_message="<b>limit</b>", config="{}")

    page = write(record, str(tmp_path)).read_text(encoding="utf-8")

    assert "&lt;b&gt;limit&lt;/b&gt;" in page
    assert "raise the limit in" in page


def made(folder, *, files):
    """An output of many files, every third of which could not be read."""
    open_dataset(folder)
    record = example(RunRecord, status="partial_success", files=files, config="{}", error_kind=None, pages=files)
    rows = [
        example(
            FileRecord,
            name=f"{number:04}.pdf",
            status="success" if number % 3 else "failure",
            pages_selected=1 if number % 3 else 0,
            pages_ok=1 if number % 3 else 0,
            recipe_id=record.recipe_id,
        )
        for number in range(files)
    ]
    sink = ParquetSink(folder)
    sink.write("files", "a" * 64, rows)
    sink.write("pages", "a" * 64, [example(PageRecord, recipe_id=record.recipe_id)])
    sink.write("calls", "a" * 64, [example(CallRecord)])
    return folder, record
