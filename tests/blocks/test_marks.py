from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from schemas.blocks import BLOCK_KINDS, FURNITURE, Block, Look
from tasks.blocks import Told, as_markdown, told, without_furniture

PAGE = """<header>ACME Ltd · Offer 12</header>

# Offer

We deliver tea.

<footer>Registered in Leeds</footer>
<page_number>- 3 -</page_number>"""
WORDS = st.text(st.sampled_from("abc é漢\n"), min_size=1, max_size=30).filter(str.strip)


def test_marks_can_be_dropped_with_what_they_mark():
    assert without_furniture(PAGE) == "# Offer\n\nWe deliver tea."


def test_text_without_marks_is_left_as_it_is():
    text = "The <header> element of HTML\n\n\n\nholds a heading."
    assert without_furniture(text) == text


def test_a_mark_that_is_never_closed_drops_nothing():
    text = "<header>ACME\n\n" + "A long page. " * 200 + "</header>"
    assert without_furniture(text) == text


@given(st.lists(st.tuples(st.sampled_from(sorted(BLOCK_KINDS)), WORDS), max_size=6))
def test_dropping_the_furniture_of_a_text_is_leaving_out_its_blocks(written):
    blocks = [Block(kind, text) for kind, text in written]
    kept = [block for block in blocks if block.kind not in FURNITURE]
    dropped = without_furniture(as_markdown(blocks))
    assert dropped.split() == as_markdown(kept).split()


def test_blocks_are_written_as_what_they_are():
    blocks = [
        Block("page_number", " 3 "),
        Block("title", "Offer"),
        Block("heading", "### Goods"),
        Block("formula", "a^2"),
        Block("figure", "a lighthouse"),
        Block("stamp", ""),
        Block("code", "x = 1"),
        Block("line", "one"),
        Block("line", "two"),
        Block("text", ""),
    ]
    assert as_markdown(blocks) == (
        "<page_number>3</page_number>\n\n# Offer\n\n### Goods\n\n$$\na^2\n$$\n\n![figure: a lighthouse]\n\n![stamp]"
        "\n\n```\nx = 1\n```\n\none\ntwo"
    )


def test_what_is_told_of_a_page_is_taken_off_its_text():
    found = told('<page lang="de" turn="270" tables="yes" handwriting="no"/>\n\n# Vertrag')
    assert (found.language, found.look) == ("de", Look(turn=270, has_tables=True, has_handwriting=False))
    assert found.text.strip() == "# Vertrag"


def test_a_page_that_is_told_nothing_of_keeps_its_text():
    for text in ("# Vertrag", "<page_number>3</page_number>\nx", "  <pager/>", ""):
        assert told(text) == Told(text)


def test_what_makes_no_sense_is_not_known():
    assert told("<page lang='Klingon!' turn='45' tables='many' handwriting=''>\nx") == Told("x")


def test_a_turn_may_be_said_the_other_way_round():
    found = told('<page lang="und" turn="-90" tables="NO" handwriting="True"></page>x')
    assert found == Told("x", None, Look(turn=270, has_tables=False, has_handwriting=True))


@given(st.text(max_size=80))
def test_nothing_but_the_line_is_taken_off(text):
    found = told(f'<page lang="en" turn="0" tables="no" handwriting="no"/>\n{text}')
    assert found == Told(text, "en", Look(turn=0, has_tables=False, has_handwriting=False))
