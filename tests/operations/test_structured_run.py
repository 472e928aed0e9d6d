"""Data out of whole folders, over real sockets: rows of pages and files, repairs, and what all of it took."""

from __future__ import annotations

import asyncio
import hashlib
import json
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from flows import exports, results
from schemas.documents import Document, SourceFile
from schemas.errors import UsageFault
from tasks.catalogue import load_models
from tasks.render import render_pages
from tasks.run import replay, retry
from tests.mill import Memory, Mill, billed, paper

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

pytestmark = pytest.mark.xdist_group("run")

FIRST = {"invoice_number": "A-1", "currency": "EUR", "lines": [{"amount": 10.0}], "total_amount": None}
SECOND = {"invoice_number": "A-1", "lines": [{"amount": 20.5}], "total_amount": 30.5}
OTHER = {"invoice_number": "A-2", "total_amount": 31}


@pytest.fixture
def mill(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Mill:
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    source = tmp_path / "in"
    source.mkdir()
    return Mill(source, tmp_path / "out", emulator, {"operation": "structured", "extraction_schema": "invoice"})


def plant(mill: Mill, path: Path, *answers: dict, model: str = "qwen3-vl-plus") -> None:
    """Let the model answer the pages of a file so, each by its own picture."""
    seen = path.stat()
    file = SourceFile(str(path), str(path), path.name, seen.st_size, None, seen.st_mtime_ns)
    doc_id = hashlib.sha256(path.read_bytes()).hexdigest()
    document = Document(file, doc_id, "application/pdf", len(answers))
    pages = render_pages(document, document.pages, load_models()[model].render)
    for page, answer in zip(pages, answers, strict=True):
        mill.emulator.answers[hashlib.sha256(page.image.data).hexdigest()] = json.dumps(answer)


def the_page(mill: Mill) -> dict:
    (row,) = mill.table("pages").to_dict("records")
    return row


async def test_every_page_has_its_data_and_the_file_has_them_merged(mill):
    path = paper(mill.source / "a.pdf", "Invoice A-1: 10.00", "Total 30.50", "Invoice A-2")
    plant(mill, path, FIRST, SECOND, OTHER)

    record = await mill.run()

    pages = mill.table("pages").sort_values("page_no")
    assert [json.loads(result) for result in pages["result"]] == [FIRST, SECOND, OTHER]
    assert set(pages["status"]) == {"ok"}
    assert pages["text"].isna().all()
    (file,) = mill.table("files").to_dict("records")
    assert json.loads(file["result"]) == {
        "invoice_number": "A-1",
        "currency": "EUR",
        "lines": [{"amount": 10.0}, {"amount": 20.5}],
        "total_amount": 30.5,
    }
    assert json.loads(file["result_conflicts"]) == [
        {"path": "/invoice_number", "kept": {"page": 1, "value": "A-1"}, "others": [{"page": 3, "value": "A-2"}]},
        {"path": "/total_amount", "kept": {"page": 2, "value": 30.5}, "others": [{"page": 3, "value": 31}]},
    ]
    evidence = {entry["path"]: (entry["page"], entry["in_text_layer"]) for entry in json.loads(file["evidence"])}
    assert evidence["/invoice_number"] == (1, True)
    assert evidence["/lines/0/amount"] == (1, True)
    assert evidence["/lines/1/amount"] == (2, False)
    assert evidence["/total_amount"] == (2, True)
    assert (record.status, record.calls) == ("success", 3)


async def test_what_was_extracted_is_handed_on_in_typed_columns(mill, tmp_path):
    plant(mill, paper(mill.source / "a.pdf", "one"), FIRST | {"invoice_date": "2024-04-19", "seller": {"name": "ACME"}})
    plant(mill, paper(mill.source / "b.pdf", "two"), SECOND)
    await mill.run()

    with results.open(mill.out) as read:
        written = {path.name: pd.read_parquet(path) for path in exports.get("records").write(read, tmp_path / "to")}
        extracted = read.extracted

    assert {f"{name}.parquet": len(table) for name, table in extracted.items()} == {
        name: len(table) for name, table in written.items()
    }
    assert extracted["invoice"]["invoice_date"].dt.year.dropna().to_list() == [2024]
    assert set(extracted["invoice"]["read_by"]) == {"qwen3-vl-plus"}
    invoices, lines = written["invoice.parquet"].set_index("file_name"), written["invoice_lines.parquet"]
    assert (invoices.loc["a.pdf", "seller_name"], invoices.loc["a.pdf", "invoice_date"]) == ("ACME", date(2024, 4, 19))
    assert invoices["total_amount"].sum() == 30.5
    assert lines.set_index(["file_name", "number_in_file"])["amount"].to_dict() == {
        ("a.pdf", 1): 10,
        ("b.pdf", 1): 20.5,
    }


async def test_two_schemas_in_one_output_are_two_readings_of_a_page(mill, tmp_path):
    plant(mill, paper(mill.source / "a.pdf", "one"), FIRST)
    await mill.run()
    plant(mill, mill.source / "a.pdf", {"merchant": "ACME"})
    await mill.run(extraction_schema="receipt")

    with results.open(mill.out) as read:
        assert sorted(read.pages["variant"]) == sorted(read.files["variant"]) == ["invoice", "receipt"]
        assert set(read.runs["recipe_id"]) == set(read.pages["recipe_id"]) == set(read.calls["recipe_id"])
        assert len(read.pages_with_files) == len(read.calls_with_pages) == 2
        assert set(read.calls_with_pages["page_status"]) == {"ok"}
        assert json.loads(read.document("a.pdf", variant="invoice").page(1).text) == FIRST
        with pytest.raises(UsageFault, match=r"2 ways: structured \(invoice\) by .*, structured \(receipt\) by "):
            read.document("a.pdf")
        written = {path.name: pd.read_parquet(path) for path in exports.get("records").write(read, tmp_path / "to")}
    assert len(written["invoice.parquet"]) == len(written["receipt.parquet"]) == 1
    assert written["receipt.parquet"]["merchant"].to_list() == ["ACME"]


async def test_the_totals_of_a_run_are_of_its_own_schema(mill):
    plant(mill, paper(mill.source / "a.pdf", "one"), FIRST)
    (mill.source / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    await mill.run()
    plant(mill, mill.source / "a.pdf", {"merchant": "ACME"})
    record = await mill.run(extraction_schema="receipt")

    assert (record.files, record.files_failure, record.total_calls) == (2, 1, record.calls)
    with results.open(mill.out) as read:
        unread = read.files[read.files["name"] == "broken.pdf"]
        assert sorted(unread["variant"]) == ["invoice", "receipt"]


async def test_an_output_without_extracted_data_says_so(mill, tmp_path):
    paper(mill.source / "a.pdf", "one")
    await mill.run(operation="text")

    with results.open(mill.out) as read, pytest.raises(UsageFault, match="no file of"):
        list(exports.get("records").write(read, tmp_path / "to"))


async def test_what_is_wrong_at_first_and_right_on_the_second_turn_is_two_calls_of_one_page(mill):
    plant(mill, paper(mill.source / "a.pdf", "one"), FIRST)
    mill.emulator.plan.next("json-other")

    await mill.run()

    page = the_page(mill)
    assert (page["status"], json.loads(page["result"]), page["calls"]) == ("ok", FIRST, 2)
    first, second = mill.emulator.calls.since(0)
    assert "'answer' was unexpected" in second.prompt
    assert len(second.images) == 1
    assert first.parameters["response_format"] == second.parameters["response_format"] == {"type": "json_object"}
    assert first.parameters["enable_thinking"] is False
    totals = mill.emulator.totals()
    assert billed(mill.table("pages"))["input_tokens"] == totals.input_tokens


async def test_what_is_never_right_is_invalid_with_its_faults_after_three_calls(mill):
    paper(mill.source / "a.pdf", "one")
    mill.emulator.plan.always("json-other")

    await mill.run()

    page = the_page(mill)
    assert (page["status"], page["error_kind"], page["calls"]) == ("invalid", "schema_violation", 3)
    assert page["error_message"] == "/: Additional properties are not allowed ('answer' was unexpected)"
    assert page["result"] is None or page["result"] != page["result"]
    assert mill.emulator.totals().requests == 3
    assert billed(mill.table("files"))["output_tokens"] == mill.emulator.totals().output_tokens


async def test_a_fence_and_a_trailing_comma_cost_no_second_call(mill):
    plant(mill, paper(mill.source / "a.pdf", "one"), FIRST)
    mill.emulator.plan.always("json-fenced")

    await mill.run()

    page = the_page(mill)
    assert (page["status"], json.loads(page["result"]), page["calls"]) == ("ok", FIRST, 1)
    assert [flag["name"] for flag in page["flags"]] == ["json_mended"]


async def test_an_ocr_model_fills_the_form_of_its_own_task(mill):
    printed = {"invoice_number": "A-1", "total_amount": "EUR 1,030.50", "invoice_date": "19 April 2024"}
    plant(mill, paper(mill.source / "a.pdf", "one"), printed, model="qwen3.5-ocr")

    await mill.run(model="qwen3.5-ocr")

    page = the_page(mill)
    result = json.loads(page["result"])
    assert page["status"] == "ok"
    assert (result["invoice_number"], result["total_amount"], result["invoice_date"]) == ("A-1", 1030.5, "2024-04-19")
    assert result["due_date"] is None
    assert result["seller"]["name"] is None
    assert page["calls"] == 1


async def test_an_ocr_model_whose_answer_does_not_fit_is_asked_again_alone(mill):
    plant(mill, paper(mill.source / "a.pdf", "one"), FIRST, model="qwen3.5-ocr")
    mill.emulator.plan.next("json-other")

    await mill.run(model="qwen3.5-ocr")

    assert (the_page(mill)["status"], the_page(mill)["calls"]) == ("ok", 2)


async def test_a_model_that_thinks_unless_told_not_to_answers_in_json_mode(mill):
    plant(mill, paper(mill.source / "a.pdf", "one"), FIRST)

    await mill.run(model="qwen3.6-plus")

    assert the_page(mill)["status"] == "ok"
    assert mill.emulator.totals().statuses.keys() == {"200"}


async def test_a_model_that_is_not_told_is_refused_json_and_the_page_says_why(mill, tmp_path, monkeypatch):
    """The table of models says for each whether it reasons; here it says something wrong."""
    (tmp_path / "models.toml").write_text('[models."qwen3.6-plus"]\nthinking = "none"\n')
    monkeypatch.setenv("PAGEMILL_MODELS", str(tmp_path / "models.toml"))
    paper(mill.source / "a.pdf", "one")

    await mill.run(model="qwen3.6-plus")

    page = the_page(mill)
    assert (page["status"], page["error_kind"], page["calls"]) == ("failed", "refused", 1)
    assert "Json mode response is not supported" in page["error_message"]


def spanning(mill: Mill) -> None:
    """Five pages in one file and one in another; the model says how many pages it sees."""
    paper(mill.source / "a.pdf", *(f"page {number} of five" for number in range(1, 6)))
    paper(mill.source / "b.pdf", "alone")
    mill.emulator.responder = lambda question: json.dumps(
        {"lines": [{"quantity": len(question.pictures), "description": "of five"}]}
    )


async def test_several_pages_are_shown_at_once_and_the_first_has_the_data(mill):
    spanning(mill)

    record = await mill.run(span_pages=2)

    pages = mill.table("pages").sort_values(["name", "page_no"])
    a, b = (pages[pages["name"] == name] for name in ("a.pdf", "b.pdf"))
    quantities = [
        json.loads(result)["lines"][0]["quantity"] if isinstance(result, str) else 0 for result in a["result"]
    ]
    assert quantities == [2, 0, 2, 0, 1]
    assert set(pages["status"]) == {"ok"}
    assert a["calls"].to_list() == [1, 0, 1, 0, 1]
    assert b["calls"].to_list() == [1]
    assert (record.calls, record.pages_ok) == (4, 6)
    files = mill.table("files").set_index("name")
    assert len(json.loads(files.loc["a.pdf", "result"])["lines"]) == 3
    assert files.loc["a.pdf", "status"] == "success"
    assert billed(mill.table("pages"))["image_tokens"] == mill.emulator.totals().image_tokens


async def test_a_second_run_a_replay_and_a_retry_go_by_the_same_spans(mill):
    spanning(mill)
    mill.emulator.plan.next("json-other", times=2, when=lambda question: len(question.pictures) == 1)
    settings = {"span_pages": 2, "pages": "1-5"}
    await mill.run(**settings)
    before = mill.comparable("pages")

    await mill.run(**settings)
    assert mill.emulator.totals().requests == 4 + 2
    assert mill.comparable("pages").equals(before)

    await replay(mill.config(**settings), reporter=Memory(), stop=asyncio.Event())
    assert mill.emulator.totals().requests == 4 + 2
    assert mill.comparable("pages").equals(before)

    await retry(mill.config(**settings), ["ok"], reporter=Memory(), stop=asyncio.Event())
    after = mill.comparable("pages")
    assert mill.emulator.totals().requests == (4 + 2) + 4
    assert after["result"].equals(before["result"])
    assert set(after["generation"]) == {1}


async def test_a_copy_of_a_file_costs_nothing_whatever_the_span(mill):
    spanning(mill)
    (mill.source / "copy.pdf").write_bytes((mill.source / "a.pdf").read_bytes())

    await mill.run(span_pages=3)

    files = mill.table("files").set_index("name")
    assert files.loc["copy.pdf", "duplicate_of"].endswith("a.pdf")
    assert files.loc["copy.pdf", "calls"] == 0
    assert files.loc["copy.pdf", "result"] == files.loc["a.pdf", "result"]
    assert mill.emulator.totals().requests == 3
