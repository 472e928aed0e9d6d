"""Boxes of each vendor convention become points of the page, however the page was turned."""

from __future__ import annotations

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.blocks import Block
from schemas.documents import PageFacts
from schemas.pixels import Size
from schemas.requests import RenderSpec
from tasks.blocks import on_page
from tasks.blocks.places import turned_back
from tasks.render import framed

A4 = PageFacts(width=595, height=842)
VL32 = RenderSpec(32, 4_096, 2_621_440)
VL28 = RenderSpec(28, 3_136, 1_003_520)
OCR32 = RenderSpec(32, 3_072, 8_388_608)
HALF = (0.25, 0.5, 0.75, 0.625)


def box_of(block: Block) -> tuple[float | None, ...]:
    return block.x0, block.y0, block.x1, block.y1


def placed(box, unit, sent, facts=A4, render=VL32):
    (block,) = on_page([Block("text", "x", *box)], unit, sent, facts, render)
    return box_of(block)


@pytest.mark.parametrize(
    ("unit", "sent", "render", "box"),
    [
        ("grid", (1344, 1920), VL32, (250, 500, 750, 625)),
        ("seen", (840, 1176), VL28, (210, 588, 630, 735)),
        ("sent", (2432, 3424), OCR32, (608, 1712, 1824, 2140)),
        # A scan that was passed on as it lies in the file: 1240 x 1754 pixels, seen as 840 x 1176.
        ("seen", (1240, 1754), VL28, (210, 588, 630, 735)),
        ("sent", (1240, 1754), OCR32, (310, 877, 930, 1096.25)),
        ("grid", (1240, 1754), VL32, (250, 500, 750, 625)),
    ],
)
def test_each_convention_gives_the_same_points(unit, sent, render, box):
    assert placed(box, unit, sent, render=render) == (148.75, 421.0, 446.25, 526.25)


@pytest.mark.parametrize(
    ("turn", "box"),
    [
        (0, (100, 200, 300, 250)),
        (90, (750, 100, 800, 300)),
        (180, (700, 750, 900, 800)),
        (270, (200, 700, 250, 900)),
    ],
)
def test_a_box_on_a_turned_page_is_where_it_is_on_the_page_as_displayed(turn, box):
    """The same block, seen on the picture of the page turned so far."""
    sent = (1344, 1920) if turn % 180 == 0 else (1920, 1344)
    assert placed(box, "grid", sent, render=RenderSpec(turn=turn)) == (59.5, 168.4, 178.5, 210.5)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_turning_back_undoes_what_pymupdf_does(turn):
    with pymupdf.open() as document:
        page = document.new_page(width=100, height=200)
        page.set_rotation(turn)
        turned = pymupdf.Rect(10, 20, 40, 30) * page.rotation_matrix
        shares = (turned.x0 / page.rect.width, turned.y0 / page.rect.height)
        shares += (turned.x1 / page.rect.width, turned.y1 / page.rect.height)
    assert turned_back(shares, turn) == pytest.approx((0.1, 0.1, 0.4, 0.15))


@given(
    box=st.tuples(*[st.floats(0, 1)] * 4),
    turns=st.lists(st.sampled_from([0, 90, 180, 270]), max_size=5),
)
def test_a_full_circle_of_turns_leaves_a_box_where_it_was(box, turns):
    there = box
    for turn in [*turns, -sum(turns) % 360]:
        there = turned_back(there, turn)
    assert there == pytest.approx(box)


@given(
    width=st.floats(100, 3_000),
    height=st.floats(100, 3_000),
    left=st.floats(0, 0.9),
    top=st.floats(0, 0.9),
    turn=st.sampled_from([0, 90, 180, 270]),
    unit=st.sampled_from(["grid", "seen", "sent"]),
)
def test_every_box_of_a_picture_lies_on_its_page_and_is_as_large_a_part_of_it(width, height, left, top, turn, unit):
    render = RenderSpec(turn=turn)
    sent = framed(Size(round(width), round(height)), render).sent
    steps = Size(1_000, 1_000) if unit == "grid" else sent
    box = (left * steps.width, top * steps.height, (left + 0.1) * steps.width, (top + 0.1) * steps.height)
    facts = PageFacts(width=width, height=height) if turn % 180 == 0 else PageFacts(width=height, height=width)
    x0, y0, x1, y1 = placed(box, unit, tuple(sent), facts, render)
    assert 0 <= x0 < x1 <= facts.width + 0.01
    assert 0 <= y0 < y1 <= facts.height + 0.01
    assert (x1 - x0) * (y1 - y0) == pytest.approx(0.01 * width * height, rel=0.01)


def test_white_that_was_added_to_a_strip_is_no_part_of_its_page():
    strip = PageFacts(width=2_000, height=10)
    frame = framed(Size(5_556, 28), VL32)
    assert frame.page.height < frame.sent.height
    share = frame.page.height / frame.sent.height
    x0, y0, x1, y1 = placed((0, 0, 500, 1_000 * share), "grid", tuple(frame.sent), strip)
    assert (x0, y0, x1) == (0.0, 0.0, 1_000.0)
    assert y1 == pytest.approx(10.0, abs=0.1)


@pytest.mark.parametrize(
    "box",
    [
        (None, None, None, None),
        (500, 500, 500, 600),
        (700, 500, 600, 600),
        (1_500, 100, 1_900, 200),
        (float("nan"), 0, 1, 1),
        (float("inf"), 0, 1, 1),
    ],
    ids=str,
)
def test_a_box_that_is_none_is_null_and_its_text_stays(box):
    (block,) = on_page([Block("text", "kept", *box)], "grid", (1344, 1920), A4, VL32)
    assert (block.text, box_of(block)) == ("kept", (None, None, None, None))


def test_without_a_known_page_there_is_no_place_on_it():
    assert placed((1, 2, 3, 4), "grid", (1344, 1920), PageFacts()) == (None, None, None, None)
    assert placed((1, 2, 3, 4), "grid", None) == (None, None, None, None)


def test_points_are_points():
    assert placed((1, 2, 3, 4), "points", None, PageFacts(), None) == (1, 2, 3, 4)
