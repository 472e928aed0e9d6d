"""Answers that were cut: gone on with, or read again in two halves; all of it accounted, and never without end."""

import asyncio
import hashlib
import io
import json
from dataclasses import replace

import pymupdf
import pytest
from PIL import Image

from schemas.documents import Strip
from tasks.catalogue import load_models
from tasks.completion import halved
from tasks.render import render_pages, render_strip
from tasks.run import replay
from tests.mill import Memory, billed, card, mill_over
from tests.papers import known

pytestmark = pytest.mark.xdist_group("run")

LINES = [
    f"{number}. The supplier delivers item {number * 7919 % 1000} within {number + 3} days." for number in range(36)
]
PIXELS = 200_000
TEXT = "\n".join(LINES)


@pytest.fixture(params=["dashscope", "openai"])
def mill(request, tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    return mill_over(request.param, tmp_path, emulator)


@pytest.fixture
def splitting(mill, monkeypatch, tmp_path):
    """A mill whose model does not go on from its own words."""
    table = tmp_path / "models.toml"
    table.write_text("[models.qwen3-vl-plus]\npartial_mode = false\n")
    monkeypatch.setenv("PAGEMILL_MODELS", str(table))
    mill.settings["max_pixels"] = PIXELS
    return mill


def the_row(mill):
    (row,) = mill.table("pages").to_dict("records")
    return row


def flags_of(row):
    return [flag["name"] for flag in row["flags"]]


def sheet(path, lines=LINES):
    """A page with a line of print for each of *lines*, evenly down the page."""
    with pymupdf.open() as drawn:
        page = drawn.new_page(width=595, height=842)
        for number, line in enumerate(lines):
            page.insert_text((60, 20 + 820 * (number + 0.7) / len(lines)), line, fontsize=10)
        drawn.save(path)
    return path


def seen_in(strip, lines=LINES):
    """What a reader makes of a strip: the lines that stand in it, and a piece of those that the cut goes through."""
    found = []
    for number, line in enumerate(lines):
        top, bottom = number / len(lines), (number + 1) / len(lines)
        if strip.top <= top and bottom <= strip.bottom:
            found.append(line)
        elif strip.top < bottom and top < strip.bottom:
            found.append(line[: len(line) // 2].replace("e", "c"))
    return "\n".join(found)


def plant(mill, path):
    """Let the model read a sheet and its halves and quarters as they are cut."""
    document, spec = known(path), replace(load_models()["qwen3-vl-plus"].render, max_pixels=PIXELS)
    (page,) = render_pages(document, (1,), spec)
    pictures = {Strip(0.0, 1.0): page}
    for half in halved(None):
        for strip in (half, *halved(half)):
            (pictures[strip],) = render_strip(document, 1, strip, spec)
    for strip, picture in pictures.items():
        mill.emulator.answers[hashlib.sha256(picture.image.data).hexdigest()] = seen_in(strip)
    assert len(mill.emulator.answers) == len(pictures)


# going on


@pytest.mark.parametrize("cut", ["length", "partial", "sse-no-finish"])
async def test_a_cut_answer_is_gone_on_with(mill, cut):
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda _: TEXT
    mill.emulator.plan.next(cut)

    await mill.run(stream=cut == "sse-no-finish")

    row, (first, second) = the_row(mill), mill.emulator.calls
    assert (row["status"], row["stop_reason"], row["text"]) == ("ok", "stop", TEXT)
    assert flags_of(row) == ["continued"]
    assert (row["calls"], row["retries"]) == (2, 0)
    assert second.prompt.startswith(first.prompt)
    assert billed(mill.table("pages")) == billed(mill.table("calls"))
    assert row["output_tokens"] == first.usage["output_tokens"] + second.usage["output_tokens"]


async def test_going_on_comes_to_an_end(mill):
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda _: TEXT
    mill.emulator.plan.always("length")

    await mill.run()

    row = the_row(mill)
    assert (row["status"], row["stop_reason"], row["calls"]) == ("truncated", "length", 4)
    assert TEXT.startswith(row["text"])
    assert len(row["text"]) > 0.9 * len(TEXT)


async def test_structured_data_is_gone_on_with_outside_json_mode(mill):
    card(mill.source / "a.png", "alpha")
    data = {"invoice_number": "A-1", "lines": [{"amount": float(number)} for number in range(40)], "total_amount": 7}
    mill.emulator.responder = lambda _: json.dumps(data)
    mill.emulator.plan.next("length")

    await mill.run(operation="structured", extraction_schema="invoice")

    assert (the_row(mill)["status"], json.loads(the_row(mill)["result"])) == ("ok", data)
    assert ["response_format" in call.parameters for call in mill.emulator.calls] == [True, False]


async def test_a_translation_is_gone_on_with(mill):
    card(mill.source / "a.png", "alpha")
    blocks = [f'<source lang="en">{line}</source>\n<target>{line}</target>' for line in LINES[:9]]
    mill.emulator.responder = lambda _: "\n\n".join(blocks)
    mill.emulator.plan.next("length")

    await mill.run(operation="translation", target_language="de")

    row = the_row(mill)
    assert (row["stop_reason"], row["source_text"].split("\n\n")) == ("stop", LINES[:9])


async def test_what_is_kept_is_not_asked_again(mill):
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda _: TEXT
    mill.emulator.plan.next("length")
    await mill.run()
    before = mill.comparable("pages")

    await replay(mill.config(), reporter=Memory(), stop=asyncio.Event())

    assert mill.emulator.totals().requests == 2
    assert mill.comparable("pages").equals(before)


# splitting


async def test_a_page_is_read_in_two_halves_and_joined(splitting):
    mill = splitting
    plant(mill, sheet(mill.source / "a.pdf"))
    mill.emulator.plan.next("length")

    await mill.run()

    row, calls = the_row(mill), mill.emulator.calls
    assert (row["status"], row["stop_reason"], row["text"]) == ("ok", "stop", TEXT)
    assert flags_of(row) == ["split"]
    assert (row["calls"], len(calls), row["retries"]) == (3, 3, 0)
    assert row["output_tokens"] == sum(call.usage["output_tokens"] for call in calls)
    assert billed(mill.table("pages")) == billed(mill.table("calls"))
    whole, *parts = (call.images[0] for call in calls)
    assert (row["image_width"], row["image_height"]) == (whole.width, whole.height)
    assert all(part.width > whole.width for part in parts)  # a half has as many pixels as the whole had


async def test_a_half_that_is_cut_is_halved_again(splitting):
    mill = splitting
    plant(mill, sheet(mill.source / "a.pdf"))
    mill.emulator.plan.next("length", times=2)

    await mill.run()

    row = the_row(mill)
    assert (row["status"], row["text"], row["calls"]) == ("ok", TEXT, 5)


async def test_halving_comes_to_an_end(splitting):
    mill = splitting
    plant(mill, sheet(mill.source / "a.pdf"))
    mill.emulator.plan.always("length")

    await mill.run()

    row = the_row(mill)
    assert (row["status"], row["stop_reason"], row["calls"]) == ("truncated", "length", 7)
    assert row["text"].startswith(LINES[0])


async def test_a_half_that_fails_leaves_the_cut_answer(splitting):
    mill = splitting
    plant(mill, sheet(mill.source / "a.pdf"))
    mill.emulator.plan.next("length")
    mill.emulator.plan.next("400-blocked")

    await mill.run()

    row = the_row(mill)
    assert (row["status"], row["stop_reason"], row["calls"]) == ("truncated", "length", 2)
    assert TEXT.startswith(row["text"])


async def test_a_page_counts_once_however_it_is_cut(splitting):
    mill = splitting
    plant(mill, sheet(mill.source / "a.pdf"))
    mill.emulator.plan.next("length")

    record = await mill.run(max_pages=1)

    assert (record.status, record.pages_ok) == ("success", 1)


@pytest.mark.parametrize("operation", ["ask", "structured"])
async def test_what_cannot_be_joined_is_not_split(splitting, operation):
    mill = splitting
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda _: '{"invoice_number": "A-1", "total_amount": 7}'
    mill.emulator.plan.next("length")

    await mill.run(operation=operation, extraction_schema="invoice", prompt="What is it?")

    assert (the_row(mill)["status"], the_row(mill)["calls"]) == ("truncated", 1)


def test_a_strip_is_the_page_between_its_bounds(tmp_path):
    document, spec = known(sheet(tmp_path / "a.pdf")), load_models()["qwen3-vl-plus"].render
    (upper,), (lower,) = (render_strip(document, 1, strip, spec) for strip in halved(None))
    (whole,) = render_pages(document, (1,), spec)

    assert upper.facts == lower.facts  # of the page
    for part in (upper, lower):
        assert 0.8 * spec.max_pixels < part.image.width * part.image.height <= spec.max_pixels
    assert upper.image.width > whole.image.width


def test_a_strip_shows_the_pixels_of_its_part(tmp_path):
    stripes = Image.new("L", (400, 800), 255)
    stripes.paste(0, (0, 0, 400, 80))
    stripes.paste(0, (0, 720, 400, 800))
    stripes.save(tmp_path / "a.png")
    document, spec = known(tmp_path / "a.png"), load_models()["qwen3-vl-plus"].render

    dark = []
    for strip in (Strip(0.0, 0.1), Strip(0.2, 0.5), Strip(0.9, 1.0)):
        (page,) = render_strip(document, 1, strip, spec)
        with Image.open(io.BytesIO(page.image.data)) as picture:
            dark.append(sum(picture.convert("L").histogram()[:128]) / (picture.width * picture.height))
    assert dark == pytest.approx([1.0, 0.0, 1.0], abs=0.02)
