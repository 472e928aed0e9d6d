"""Pages read in every form, over real sockets: where blocks stand, what each OCR task gives, and pages on their side.

The emulated models measure where the lines of writing stand from the pixels that they get, and answer in the vendor's
conventions; the tests know it from the PDF.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd
import pymupdf
import pytest

from flows import results
from flows.cli import main
from schemas.errors import UsageFault
from tasks.run import replay
from tests.emulator import sight
from tests.mill import Memory, Mill, billed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator

pytestmark = pytest.mark.xdist_group("run")

LINES = ("# Offer of the eleventh of May", "We deliver tea.", "Payment is due within thirty days", "ACME Ltd, Leeds")
FOUND = "\n".join(LINES)
GARBLED = "O ff er may\nW e tea\nP ay men t\nAC M E"
OCR = "qwen3.5-ocr"
QWEN25 = "qwen2.5-vl-72b-instruct"


@pytest.fixture
def mill(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Mill:
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    source = tmp_path / "in"
    source.mkdir()
    emulator.tells_of_pages = True
    emulator.reader = lambda image, _: FOUND if sight.turn(image) == 0 else GARBLED
    return Mill(source, tmp_path / "out", emulator)


def letter(path: Path, *, turn: int = 0) -> list[pymupdf.Rect]:
    """Write a letter whose picture has been turned clockwise; gives where its lines stand on the page as displayed."""
    with pymupdf.open() as document:
        upright = document.new_page(width=400, height=560)
        for number, line in enumerate(LINES):
            upright.insert_text((40, 80 + 60 * number), line.removeprefix("# "), fontsize=20)
        boxes = [pymupdf.Rect(line["bbox"]) for block in upright.get_text("dict")["blocks"] for line in block["lines"]]
        with pymupdf.open() as turned:
            wide, tall = (400, 560) if turn % 180 == 0 else (560, 400)
            page = turned.new_page(width=wide, height=tall)
            page.show_pdf_page(page.rect, document, 0, rotate=-turn)
            matrix = {
                0: pymupdf.Matrix(1, 0, 0, 1, 0, 0),
                90: pymupdf.Matrix(0, 1, -1, 0, 560, 0),
                180: pymupdf.Matrix(-1, 0, 0, -1, 400, 560),
                270: pymupdf.Matrix(0, -1, 1, 0, 0, 400),
            }[turn]
            turned.save(path)
        return [box * matrix for box in boxes]


def the_page(mill: Mill) -> dict:
    (row,) = mill.table("pages").to_dict("records")
    return row


def assert_where_they_stand(blocks: list[dict], expected: list[pymupdf.Rect]) -> None:
    """The ink of a line lies within its box in the PDF, which leaves room above and below, and is nearly as long."""
    assert len(blocks) == len(expected)
    for block, rect in zip(blocks, expected, strict=True):
        box = pymupdf.Rect(block["x0"], block["y0"], block["x1"], block["y1"])
        room = pymupdf.Rect(rect.x0 - 3, rect.y0 - 3, rect.x1 + 3, rect.y1 + 3)
        assert room.contains(box), (block, rect)
        assert max(box.width, box.height) > 0.95 * max(rect.width, rect.height), (block, rect)


@pytest.mark.parametrize("model", ["qwen3-vl-plus", QWEN25, OCR])
async def test_blocks_stand_where_they_stand_in_the_pdf(mill, tmp_path, monkeypatch, model):
    """Thousandths of the picture, pixels as the model sees them, pixels as they were sent: all become points."""
    table = tmp_path / "models.toml"
    table.write_text(f"[models.'{QWEN25}']\nbackends = ['dashscope']\nfamily = 'vl28'\n", encoding="utf-8")
    monkeypatch.setenv("PAGEMILL_MODELS", str(table))
    expected = letter(mill.source / "a.pdf")

    await mill.run(text_format="layout", model=model)

    row = the_page(mill)
    assert (row["status"], row["rotation"]) == ("ok", 0)
    assert_where_they_stand(row["blocks"], expected)
    assert [block["text"] for block in row["blocks"]] == (
        list(LINES) if model == OCR else [line.removeprefix("# ") for line in LINES]
    )
    assert row["text"] == (FOUND if model == OCR else "\n\n".join(LINES))
    assert row["text_format"] == ("plain" if model == OCR else "markdown")


@pytest.mark.parametrize(
    ("model", "turn"),  # the lines of a page on its head run from left to right: a model has to say so
    [("qwen3-vl-plus", 90), ("qwen3-vl-plus", 180), ("qwen3-vl-plus", 270), (OCR, 90), (OCR, 270)],
)
async def test_a_page_that_does_not_stand_upright_is_turned_read_again_and_paid_for_twice(mill, model, turn):
    expected = letter(mill.source / "a.pdf", turn=turn)

    record = await mill.run(text_format="layout", model=model)

    row, calls = the_page(mill), mill.table("calls")
    assert (row["status"], row["rotation"], row["calls"], row["retries"]) == ("ok", 360 - turn, 2, 0)
    assert (row["width"], row["height"]) == ((400, 560) if turn == 180 else (560, 400))
    assert sorted([row["image_width"], row["image_height"]]) == [row["image_width"], row["image_height"]]
    assert "Payment is due within thirty days" in row["text"]
    assert_where_they_stand(row["blocks"], expected)
    assert len(calls) == record.calls == 2
    assert calls["request_key"].nunique() == 2
    assert set(calls["base_key"]) == set(calls["base_key"][:1])
    sums = {name: int(calls[name].sum()) for name in ("input_tokens", "output_tokens", "image_tokens")}
    assert billed(mill.table("pages")) == sums


async def test_a_turned_page_is_found_again_and_not_paid_for_again(mill):
    letter(mill.source / "a.pdf", turn=90)
    await mill.run(text_format="layout")
    before = mill.comparable("pages")

    again = await mill.run(text_format="layout")
    await replay(mill.config(text_format="layout"), reporter=Memory(), stop=asyncio.Event())

    assert again.calls == 0
    assert len(mill.emulator.calls) == 2
    pd.testing.assert_frame_equal(mill.comparable("pages"), before)


async def test_a_model_that_is_wrong_about_the_side_of_a_page_costs_one_call_and_changes_nothing(mill):
    letter(mill.source / "a.pdf")
    mill.emulator.tells_of_pages = False
    mill.emulator.reader = lambda image, _: (
        '<page lang="en" turn="90" tables="no" handwriting="no"/>\n' + (FOUND if image.width < image.height else "O ff")
    )

    await mill.run()

    row = the_page(mill)
    assert (row["text"], row["rotation"], row["calls"]) == (FOUND, 0, 2)
    assert [flag["name"] for flag in row["flags"]] == ["sideways"]
    assert row["status"] == "ok"


async def test_what_a_model_tells_of_a_page_stands_in_columns_and_not_in_its_text(mill):
    letter(mill.source / "a.pdf")
    mill.emulator.reader = lambda *_: "发票：二〇二六年五月十一日的发票\n\n<table><tr><td>1</td></tr></table>"

    await mill.run()

    row = the_page(mill)
    assert row["text"] == "发票：二〇二六年五月十一日的发票\n\n<table><tr><td>1</td></tr></table>"
    assert (row["language"], row["rotation"]) == ("zh", 0)
    assert (row["has_tables"], row["has_handwriting"]) == (True, False)
    assert row["blocks"] is None


@pytest.mark.parametrize(
    ("task", "form", "holds"),
    [
        ("text_recognition", "plain", FOUND),
        ("multi_lan", "plain", FOUND),
        ("advanced_recognition", "plain", FOUND),
        ("table_parsing", "markdown", "<table><tr><td>#</td><td>Offer</td>"),
        ("formula_recognition", "markdown", f"$${FOUND}$$"),
        ("document_parsing", "latex", f"\\begin{{document}}\n{FOUND}\n\\end{{document}}"),
    ],
)
async def test_each_built_in_task_is_asked_for_and_read(mill, task, form, holds):
    letter(mill.source / "a.pdf")

    await mill.run(model=OCR, ocr_task=task)

    (call,) = mill.emulator.calls
    assert call.parameters["ocr_options"] == {"task": task}
    row = the_page(mill)
    assert (row["status"], row["text_format"], row["variant"]) == ("ok", form, task)
    assert holds in row["text"]
    assert not row["text"].startswith("```")
    assert (row["blocks"] is None) is (task != "advanced_recognition")


async def test_the_service_turns_the_page_where_it_is_asked_to(mill):
    letter(mill.source / "a.pdf", turn=90)

    await mill.run(model=OCR, text_format="plain", enable_rotate=True)

    row = the_page(mill)
    assert (row["text"], row["calls"]) == (FOUND, 1)
    assert pd.isna(row["rotation"])


async def test_the_oldest_ocr_model_is_asked_without_a_system_text(mill):
    letter(mill.source / "a.pdf")
    later = mill.emulator.models["qwen-vl-ocr-2025-08-28"]
    mill.emulator.models["qwen-vl-ocr-2024-10-28"] = replace(later, name="qwen-vl-ocr-2024-10-28", max_output=8_192)

    await mill.run(model="qwen-vl-ocr-2024-10-28")

    assert (the_page(mill)["status"], the_page(mill)["text"]) == ("ok", FOUND)


async def test_a_task_that_a_model_does_not_have_costs_nothing(mill):
    letter(mill.source / "a.pdf")
    with pytest.raises(UsageFault, match="has no built-in tasks"):
        await mill.run(ocr_task="table_parsing")
    assert len(mill.emulator.calls) == 0


async def test_an_answer_without_blocks_is_asked_for_twice_more_and_then_says_what_it_is(mill):
    letter(mill.source / "a.pdf")
    mill.emulator.responder = lambda _: "Dear reader, this is a letter."

    await mill.run(text_format="layout")

    row = the_page(mill)
    assert (row["status"], row["error_kind"], row["calls"]) == ("invalid", "malformed", 3)
    assert row["text"] == "Dear reader, this is a letter."


async def test_headers_footers_and_page_numbers_can_be_dropped_from_what_is_handed_on(mill, tmp_path, monkeypatch):
    letter(mill.source / "a.pdf")
    mill.emulator.reader = lambda *_: (
        '<div class="header" data-bbox="1 2 900 20">ACME Ltd</div><div class="text" data-bbox="1 30 900 90">Tea.</div>'
        '<div class="page_number" data-bbox="400 950 420 970">7</div>'
    )
    await mill.run(text_format="layout")

    with results.open(mill.out) as read:
        assert "<header>ACME Ltd</header>" in read.document("a.pdf").text
        assert len(read.pages["blocks"][0]) == 3
    with results.open(mill.out, furniture=False) as read:
        assert read.document("a.pdf").page(1).text == "Tea."
        assert [block.kind for block in read.document("a.pdf").page(1).record.blocks] == ["text"]
        assert list(read.frame("pages", ["text"])["text"]) == ["Tea."]
        assert [[block["kind"] for block in blocks] for blocks in read.pages["blocks"]] == [["text"]]

    words = ["export", "--out", str(mill.out), "--format", "markdown", "--to"]
    code = await asyncio.to_thread(main, [*words, str(tmp_path / "all")])
    bare = await asyncio.to_thread(main, [*words, str(tmp_path / "bare"), "--drop-furniture"])
    assert (code, bare) == (0, 0)
    assert "ACME" in (tmp_path / "all" / "a.pdf.md").read_text(encoding="utf-8")
    assert (tmp_path / "bare" / "a.pdf.md").read_text(encoding="utf-8").split() == ["<a", 'id="page-1"></a>', "Tea."]


async def test_a_page_in_latex_stands_in_a_fence_where_markdown_is_handed_on(mill):
    letter(mill.source / "a.pdf")
    await mill.run(model=OCR, ocr_task="document_parsing")
    with results.open(mill.out) as read:
        assert "```latex\n\\documentclass{article}" in read.document("a.pdf").text
