"""The reading API, over a finished run."""

from __future__ import annotations

import asyncio
import os
import shutil

import pandas as pd
import pytest

from flows import results
from schemas.errors import DocumentChanged, MissingDocument, NoInput, OutputFault, UsageFault
from tests.flows.results.made import HOSTILE_NAME, HOSTILE_TEXT, drawn, read
from tests.mill import Mill

pytestmark = pytest.mark.xdist_group("results")


@pytest.fixture
def mill(tmp_path, emulator, monkeypatch):
    """A mill of one's own, to be changed at will."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    emulator.reader = read
    source = tmp_path / "in"
    drawn(source / "a.pdf", 144, 216)
    return Mill(source, tmp_path / "out", emulator)


def test_the_frames_have_the_types_that_their_columns_mean(opened):
    pages, files = opened.pages, opened.files
    assert pages["status"].dtype == "category"
    assert pages["page_no"].dtype == "int64"
    assert str(pages["image_width"].dtype) == "Int64"
    assert str(pages["finished_at"].dtype) == "datetime64[us, UTC]"
    assert pages["error_kind"].dtype == pages["reasoning"].dtype == "str"
    assert str(files["page_count"].dtype) == "Int64"
    assert files.set_index("name").loc["broken.pdf", "page_count"] is pd.NA


def test_pages_come_by_path_and_number_a_row_each(opened):
    found = list(zip(opened.pages["name"], opened.pages["page_no"], opened.pages["status"], strict=True))
    shown = HOSTILE_NAME
    assert found == [
        (shown, 1, "ok"),
        ("contracts/a.pdf", 1, "ok"),
        ("contracts/a.pdf", 2, "ok"),
        ("contracts/a.pdf", 3, "blank"),
        ("contracts/copy.pdf", 1, "ok"),
        ("contracts/copy.pdf", 2, "ok"),
        ("contracts/copy.pdf", 3, "blank"),
        ("invoices/a.pdf", 1, "ok"),
        ("invoices/a.pdf", 2, "suspect"),
    ]


def test_some_columns_are_read_without_the_others(opened):
    assert list(opened.frame("pages", ["name", "cost"]).columns) == ["name", "cost"]
    assert len(opened.frame("pages", ["status"])) == len(opened.pages)


def test_pages_know_their_files(opened):
    joined = opened.pages_with_files
    assert len(joined) == len(opened.pages)
    assert set(joined["media_type"]) == {"application/pdf"}
    row = joined.set_index(["name", "page_no"]).loc[("contracts/copy.pdf", 1)]
    assert row["file_status"] == "success"
    assert row["duplicate_of"].endswith("contracts/a.pdf")
    assert row["page_count"] == 3


def test_calls_know_the_page_that_carries_their_cost(opened):
    calls = opened.calls_with_pages
    assert len(calls) == len(opened.calls)
    assert calls["cost"].sum() == pytest.approx(opened.pages["cost"].sum())
    assert "contracts/copy.pdf" not in set(calls["name"])
    assert not calls["source"].isna().any()
    assert "throttled" in set(calls["outcome"])


def test_flags_are_a_table_of_their_own(opened):
    (flag,) = opened.flags.to_dict("records")
    assert (flag["name"], flag["page_no"], flag["flag"], flag["status"]) == ("invoices/a.pdf", 2, "refusal", "suspect")


def test_a_document_is_one_text_with_anchors_and_says_what_is_not_as_it_was_read(opened):
    text = opened.document("contracts/a.pdf").text
    assert text.startswith('<a id="page-1"></a>\n\n# Contract')
    assert text.endswith('<a id="page-3"></a>\n\n<!-- page 3: blank -->')
    assert "<!-- page 2: suspect (refusal) -->" in opened.document("invoices/a.pdf").text


@pytest.mark.parametrize("name", ["contracts/copy.pdf", "copy.pdf", "in/contracts/copy.pdf"])
def test_a_document_is_found_by_name_or_by_the_end_of_its_path(opened, name):
    assert opened.document(name).name == "contracts/copy.pdf"


def test_a_document_is_found_by_its_path_from_where_one_stands(opened, finished, monkeypatch):
    monkeypatch.chdir(finished.source)
    assert opened.document("invoices/a.pdf").source == str(finished.source / "invoices" / "a.pdf")
    assert opened.document(str(finished.source / "contracts" / "a.pdf")).name == "contracts/a.pdf"


def test_an_ambiguous_name_is_answered_with_its_candidates(opened):
    with pytest.raises(UsageFault, match=r"'a\.pdf' is the name of 2 documents: .*contracts/a\.pdf.*invoices/a\.pdf"):
        opened.document("a.pdf")


def test_an_unknown_name_is_answered_with_what_is_near(opened):
    with pytest.raises(UsageFault, match=r"no document here is called 'brokn\.pdf'") as caught:
        opened.document("brokn.pdf")
    assert "broken.pdf" in caught.value.advice


def test_a_file_of_which_nothing_could_be_read_is_a_document_without_pages(opened):
    document = opened.document("broken.pdf")
    assert (document.text, document.pages) == ("", ())
    assert document.file.error_kind == "corrupt"


def test_a_page_that_is_not_there_is_answered_with_those_that_are(opened):
    with pytest.raises(UsageFault, match="has no row of page 9: its rows are of pages 1-3"):
        opened.document("contracts/a.pdf").page(9)


def test_all_documents_are_given_by_path_in_portions(opened, monkeypatch):
    monkeypatch.setattr("flows.results.opened.PAGES_AT_ONCE", 2)
    names = [document.name for document in opened.documents()]
    assert names == [HOSTILE_NAME, "broken.pdf", "contracts/a.pdf", "contracts/copy.pdf", "invoices/a.pdf"]
    assert [len(document.pages) for document in opened.documents()] == [1, 0, 3, 3, 2]


def test_a_page_is_drawn_again_from_its_source(opened):
    image = opened.page_image("invoices/a.pdf", 1, dpi=100)
    assert image.size == (500, 100)
    assert image.convert("L").getpixel((250, 42)) == 0
    assert opened.page_image("invoices/a.pdf", 1, dpi=100, max_side=50).size == (50, 10)
    assert opened.page_image("invoices/a.pdf", 1, dpi=2_000).size == (1_000, 200)


async def test_a_page_is_drawn_also_where_an_event_loop_runs_already(opened):
    assert opened.page_image("invoices/a.pdf", 1).size == (500, 100)


def test_a_page_stands_beside_its_picture_and_nothing_in_it_is_html(opened):
    (page,) = opened.document(HOSTILE_NAME).pages
    html = page._repr_html_()
    assert "data:image/jpeg;base64," in html
    assert "<script" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in opened.document(HOSTILE_NAME)._repr_html_()
    assert page.text == HOSTILE_TEXT


async def test_a_source_that_is_gone_or_changed_is_named_and_the_page_is_shown_without(mill):
    await mill.run()
    with results.open(mill.out) as opened:
        page = opened.document("a.pdf").page(1)
        drawn(mill.source / "a.pdf", 504)
        with pytest.raises(DocumentChanged, match=r"page 1 of .*a\.pdf cannot be drawn: the file holds other bytes"):
            page.image()
        (mill.source / "a.pdf").unlink()
        with pytest.raises(MissingDocument, match="no longer there"):
            page.image()
        assert "no picture: page 1 of" in page._repr_html_()


async def test_a_page_of_a_file_whose_path_is_no_text_is_drawn(mill):
    odd = os.fsdecode(os.fsencode(mill.source) + b"/odd\xff.pdf")
    shutil.copy(mill.source / "a.pdf", odd)
    await mill.run()
    with results.open(mill.out) as opened:
        assert opened.page_image("odd\\xff.pdf", 1).size == (200, 100)


async def test_rows_of_a_files_earlier_contents_are_history(mill):
    await mill.run()
    drawn(mill.source / "a.pdf", 360)
    await mill.run()
    with results.open(mill.out) as opened:
        assert list(opened.pages["text"]) == ["Invoice 2026-0041, 合计 41.20"]
        assert len(opened.files) == 1
        assert len(opened.calls) == 3
        assert not opened.calls_with_pages["source"].isna().any()
        assert opened.document("a.pdf").page(1).text.startswith("Invoice")
    with results.open(mill.out, history=True) as opened:
        assert len(opened.pages) == 3
        assert len(opened.files) == 2


async def test_of_a_file_that_can_no_longer_be_read_the_pages_that_were_stay(mill):
    await mill.run()
    path = mill.source / "a.pdf"
    path.unlink()
    await mill.run(sources=(str(path),))
    with results.open(mill.out) as opened:
        assert list(opened.files["error_kind"]) == ["missing"]
        assert len(opened.pages) == 2


async def test_of_two_formats_the_newer_row_of_a_page_counts(mill):
    await mill.run()
    await mill.run(text_format="plain")
    with results.open(mill.out) as opened:
        assert list(opened.pages["text_format"]) == ["plain", "plain"]
    with results.open(mill.out, history=True) as opened:
        assert len(opened.pages) == 4


async def test_two_models_are_two_readings_and_which_is_meant_has_to_be_said(mill):
    await mill.run(model="qwen3-vl-plus")
    await mill.run(model="qwen3-vl-flash")
    with results.open(mill.out) as opened:
        assert len(opened.pages) == 4
        with pytest.raises(UsageFault, match="was read in 2 ways: text by qwen3-vl-flash, text by qwen3-vl-plus"):
            opened.document("a.pdf")
        assert opened.document("a.pdf", model="qwen3-vl-flash").model == "qwen3-vl-flash"
        with pytest.raises(UsageFault, match="was not read so"):
            opened.document("a.pdf", model="other")


async def test_an_estimate_of_what_was_read_stands_beside_what_it_came_to(opened, emulator):
    (row,) = (await opened.estimates()).to_dict("records")
    assert (row["operation"], row["pages"], row["pages_kept"], row["rejected"]) == ("text", 9, 3, 1)  # a copy is free
    assert row["input_tokens"] == opened.files["input_tokens"].sum()
    assert row["image_tokens"] == opened.files["image_tokens"].sum()
    assert row["cost_low"] < row["cost_likely"] < row["cost_high"]
    assert row["cost_known"] == pytest.approx(opened.files["cost"].sum())
    assert emulator.totals().requests == 0


def test_what_is_no_output_is_said_to_be_none(tmp_path):
    with pytest.raises(NoInput, match="is no output of pagemill"):
        results.open(tmp_path)


def test_a_damaged_part_is_named(finished, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(finished.out, out)
    (out / "pages" / "zzz.parquet").write_bytes(b"PAR1 and nothing")
    with results.open(out) as opened, pytest.raises(OutputFault, match=r"zzz\.parquet"):
        opened.pages  # noqa: B018 - reading it is what fails


def test_an_output_before_its_first_row_is_empty_frames(tmp_path, finished):
    shutil.copy(finished.out / "_pagemill.json", tmp_path)
    with results.open(tmp_path) as opened:
        assert [len(opened.frame(table)) for table in ("pages", "files", "calls", "runs")] == [0, 0, 0, 0]
        assert len(opened.pages_with_files) == len(opened.calls_with_pages) == len(opened.flags) == 0
        assert list(opened.documents()) == []


def test_a_darkroom_that_was_closed_opens_again(opened):
    opened.page_image("invoices/a.pdf", 1)
    opened.close()
    assert opened.page_image("invoices/a.pdf", 1).size == (500, 100)
    assert asyncio.run(asyncio.to_thread(opened.page_image, "invoices/a.pdf", 1)).size == (500, 100)
