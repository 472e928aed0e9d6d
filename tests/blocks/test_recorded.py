"""Answers that were recorded from real models and from the live service are read into blocks."""

from __future__ import annotations

import json

import pytest

from schemas.documents import PageFacts
from schemas.requests import RenderSpec
from tasks.blocks import as_markdown, on_page, parse_blocks, parse_words
from tests.papers import corpus

ANSWERS = {
    "html_chandra/sources/chandra_list_group.html": (12, "heading", "## The Evolution of the Word Processor"),
    "html_chandra/sources/chandra_multiblock.html": (6, "heading", "## Figures Example"),
    "html_chandra/sources/chandra_simple.html": (9, "header", "Optimized Table Tokenization for Table Structure"),
    "json_dots/sources/dots_list.json": (12, "heading", "## The Evolution of the Word Processor"),
    "json_dots/sources/dots_simple.json": (17, "text", "arXiv:2206.01062v1"),
    "md_deepseek/sources/deepseek_example.md": (8, "text", "order to compute the TED score."),
    "md_deepseek/sources/deepseek_simple.md": (6, "text", "order to compute the TED score."),
    "md_deepseek/sources/deepseek_title.md": (16, "title", "# DocLayNet: A Large Human-Annotated Dataset"),
}


def answer(name: str) -> str:
    return (corpus("model_answers") / name).read_text(encoding="utf-8")


def recognized() -> dict:
    path = corpus("dashscope_traffic") / ("multimodal-generation-vl-ocr-advanced-recognition-nosse.response.body.txt")
    return json.loads(path.read_text(encoding="utf-8-sig"))


@pytest.mark.parametrize("name", ANSWERS)
def test_an_answer_of_another_model_gives_its_blocks(name):
    count, kind, begins = ANSWERS[name]
    blocks = parse_blocks(answer(name))
    assert (len(blocks), blocks[0].kind) == (count, kind)
    assert blocks[0].text.startswith(begins)
    boxed = [block for block in blocks if block.x0 is not None]
    assert len(boxed) >= count - 1
    assert all(block.x0 < block.x1 and block.y0 < block.y1 for block in boxed)


@pytest.mark.parametrize("name", [name for name in ANSWERS if "simple.html" in name or "example.md" in name])
def test_a_table_stays_whole_with_the_cells_that_it_spans(name):
    (table,) = (block.text for block in parse_blocks(answer(name)) if "<td" in block.text)
    assert table.count("rowspan") >= 2
    assert "0.965" in table
    assert table.rstrip().endswith("</table>")


def test_the_text_made_of_blocks_has_all_their_words_in_order():
    blocks = parse_blocks(answer("html_chandra/sources/chandra_list_group.html"))
    text = as_markdown(blocks)
    places = [text.index(block.text.split("\n")[0][:60]) for block in blocks]
    assert places == sorted(places)
    assert "**IBM MT/ST (Magnetic Tape/Selectric Typewriter):**" in text
    assert "<p>" not in text


def test_the_service_gives_the_same_boxes_in_pixels_and_in_thousandths_of_the_picture():
    """This is how long a step of the grid is: the picture of the recording has 6000 x 3000 pixels."""
    raw = recognized()
    text = raw["output"]["choices"][0]["message"]["content"][0]["text"]
    in_pixels, on_grid = parse_words(raw, text), parse_words({}, text)
    assert (in_pixels.unit, on_grid.unit) == ("sent", "grid")

    facts = PageFacts(width=2000, height=1000)
    pixels = on_page(in_pixels.lines, in_pixels.unit, (6000, 3000), facts, RenderSpec())
    steps = on_page(on_grid.lines, on_grid.unit, (6000, 3000), facts, RenderSpec())

    assert [block.text for block in pixels] == [block.text for block in steps]
    assert len(pixels) == 12
    for one, other in zip(pixels, steps, strict=True):
        assert (one.x0, one.x1) == pytest.approx((other.x0, other.x1), abs=2.0)
        assert (one.y0, one.y1) == pytest.approx((other.y0, other.y1), abs=1.0)


def test_a_box_that_hangs_over_the_edge_is_cut_off_there():
    (word,) = (line for line in parse_words(recognized(), "").lines if line.text == "Merhaba!")
    assert word.x0 == -30
    (placed,) = on_page([word], "sent", (6000, 3000), PageFacts(width=600, height=300), RenderSpec())
    assert (placed.x0, placed.y0, placed.x1, placed.y1) == (0.0, 211.2, 84.6, 244.5)


def test_slanted_writing_does_not_turn_the_page():
    assert parse_words(recognized(), "").turn == 0
