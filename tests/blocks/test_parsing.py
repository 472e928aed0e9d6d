from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.blocks import BLOCK_KINDS, Block
from schemas.errors import MalformedAnswer
from tasks.blocks import parse_blocks, parse_words
from tasks.blocks.html import as_text
from tasks.blocks.parsing import kind_of

WORDS = st.text(st.sampled_from("aé漢 <&$\\{}|#-*\n.\"'"), min_size=1, max_size=40).filter(lambda text: text.strip())
KINDS = st.sampled_from(sorted(BLOCK_KINDS))
SIDES = st.integers(0, 999)


def div(kind: str, box: str, text: str) -> str:
    return f'<div class="{kind}" data-bbox="{box}">{text}</div>'


@given(st.lists(st.tuples(KINDS, st.tuples(SIDES, SIDES, SIDES, SIDES), WORDS), min_size=1, max_size=5))
def test_what_is_written_as_asked_is_read_as_written(written):
    answer = "\n".join(div(kind, " ".join(map(str, box)), text) for kind, box, text in written)
    assert parse_blocks(answer) == tuple(Block(kind, text.strip(), *map(float, box)) for kind, box, text in written)


@given(st.lists(st.tuples(KINDS, WORDS), min_size=2, max_size=5), st.data())
def test_a_cut_answer_gives_the_blocks_before_the_cut(written, data):
    whole = [div(kind, "1 2 3 4", text) + "\n" for kind, text in written]
    kept = data.draw(st.integers(1, len(whole) - 1))
    cut = data.draw(st.integers(0, len(whole[kept]) - 1))
    found = parse_blocks("".join(whole[:kept]) + whole[kept][:cut])
    assert [block.text for block in found[: kept - 1]] == [text.strip() for _, text in written[: kept - 1]]
    assert found[kept - 1].text.startswith(written[kept - 1][1].strip())


@given(st.text(max_size=200))
def test_any_answer_is_read_or_refused(text):
    with suppress(MalformedAnswer):
        assert parse_blocks(text)
    parse_words({}, text)


def test_prose_holds_no_blocks():
    with pytest.raises(MalformedAnswer, match="no blocks with boxes"):
        parse_blocks("Dear Sir, [see 1] I write to you.")


def test_writing_outside_of_any_block_is_not_lost():
    found = parse_blocks("Here it is:\n" + div("title", "1 2 3 4", "A") + " and this\n" + div("text", "5 6 7 8", "B"))
    assert [(block.kind, block.text, block.x0) for block in found] == [
        ("text", "Here it is:", None),
        ("title", "A", 1.0),
        ("text", "and this", None),
        ("text", "B", 5.0),
    ]


def test_formulas_and_tables_come_through_unharmed():
    table = "<table><tr><td colspan=2>a &lt; b</td></tr></table>"
    found = parse_blocks(div("formula", "1 2 3 4", r"$$\frac{a}{b} < c$$") + div("table", "1 2 3 4", table))
    assert [block.text for block in found] == [r"$$\frac{a}{b} < c$$", table]


def test_qwen_html_is_read_by_its_tags():
    answer = """<html><body>
<h1 data-bbox="10 10 500 40">Offer</h1>
<p data-bbox="10 60 500 90">We offer &amp; deliver.</p>
<ul data-bbox="10 100 500 140"><li>tea</li><li>milk</li></ul>
<table data-bbox="10 150 500 300"><tr><td>1</td></tr></table>
<img data-bbox="10 310 500 400" alt="a lighthouse"/>
</body></html>"""
    assert [(block.kind, block.text) for block in parse_blocks(answer)] == [
        ("title", "# Offer"),
        ("text", "We offer & deliver."),
        ("list", "- tea\n- milk"),
        ("table", "<table><tr><td>1</td></tr></table>"),
        ("figure", "a lighthouse"),
    ]


@pytest.mark.parametrize(
    "answer",
    [
        '[{"bbox_2d": [1, 2, 3, 4], "label": "title", "text": "A"}, {"bbox_2d": [5, 6, 7, 8], "label": "pa',
        '```json\n[{"bbox": [1, 2, 3, 4], "category": "Title", "text": "A"}]\n```',
    ],
)
def test_a_json_list_is_read_as_far_as_it_came(answer):
    assert parse_blocks(answer) == (Block("title", "A", 1.0, 2.0, 3.0, 4.0),)


@pytest.mark.parametrize("kind", sorted(BLOCK_KINDS))
def test_our_own_words_for_kinds_are_known(kind):
    assert kind_of(kind) == kind


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Section-header", "heading"),
        ("Page-footer", "footer"),
        ("Picture", "figure"),
        ("List-item", "list"),
        ("", "text"),
    ],
)
def test_the_words_of_other_models_are_known(said, meant):
    assert kind_of(said) == meant


def test_a_table_amid_html_stays_html():
    assert as_text("<p>See</p><table><tr><td><b>1</b></td></tr></table><p>End<br/>now</p>") == (
        "See\n\n<table><tr><td><b>1</b></td></tr></table>End\nnow"
    )


def words(*lines: tuple[str, list[int]]) -> dict:
    infos = [{"text": text, "location": [x0, y0, x1, y0, x1, y1, x0, y1]} for text, (x0, y0, x1, y1) in lines]
    content = [{"text": "", "ocr_result": {"words_info": infos}}]
    return {"output": {"choices": [{"message": {"content": content}}]}}


@pytest.mark.parametrize(
    ("lefts", "turn"), [([10, 40, 70], 90), ([70, 40, 10], 270)], ids=["next to the right", "next to the left"]
)
def test_the_order_of_lines_that_run_up_or_down_tells_which_way_to_turn(lefts, turn):
    found = parse_words(words(*((f"line {left}", [left, 10, left + 20, 900]) for left in lefts)), "")
    assert found.turn == turn


def test_lines_from_left_to_right_need_no_turn():
    assert parse_words(words(("first line", [10, 10, 900, 40]), ("1", [10, 50, 14, 90])), "").turn == 0


@pytest.mark.parametrize("info", [{"text": "x"}, {"text": "x", "location": [1, 2]}, {"text": "x", "location": "y"}])
def test_a_line_without_a_box_stays(info):
    raw = {"output": {"choices": [{"message": {"content": [{"ocr_result": {"words_info": [info]}}]}}]}}
    assert parse_words(raw, "").lines == (Block("line", "x"),)
