"""Answers that go round in circles: stopped while they are written, accounted, and asked again, twice at most."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.looping import LOOP_SURE, LoopWatch, has_loop
from tests.mill import card, mill_over

pytestmark = pytest.mark.xdist_group("run")

LONG = 8_192
"""Output tokens of an answer that nobody stops."""
ROW = "<tr><td>0.00</td><td>0.00</td><td>0.00</td></tr>\n"


@pytest.fixture(params=["dashscope", "openai"])
def mill(request, tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    return mill_over(request.param, tmp_path, emulator)


def the_row(mill):
    (row,) = mill.table("pages").to_dict("records")
    return row


def pieces(text, size):
    return [text[at : at + size] for at in range(0, len(text), size)]


def stopped_after(text, size=7):
    """How many characters were written when the watch stopped it; None if it never did."""
    watch, written = LoopWatch(), 0
    for piece in pieces(text, size):
        written += len(piece)
        if watch.add(piece):
            return written
    return None


async def test_a_stream_that_loops_is_stopped_and_asked_again_with_other_sampling(mill):
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda _: "A heading and a paragraph of some words, and so on"
    mill.emulator.plan.next("loop")

    await mill.run(stream=True)

    page, (first, second) = the_row(mill), mill.emulator.calls
    calls = mill.table("calls").sort_values("started_at")
    assert (page["status"], page["stop_reason"], page["calls"]) == ("ok", "stop", 2)
    assert calls["stop_reason"].to_list() == ["loop", "stop"]
    assert calls["outcome"].to_list() == ["answered", "answered"]
    assert (first.parameters["temperature"], second.parameters["temperature"]) == (0.01, 0.3)
    if mill.settings["backend"] == "dashscope":  # where each piece of a stream says what it took so far
        assert 0 < calls["output_tokens"].iloc[0] < LONG / 2
        assert page["output_tokens"] == calls["output_tokens"].sum()
        assert page["cost"] > 0
    else:  # where usage comes last, it is not known, which is no zero
        assert calls["usage_raw"].isna().iloc[0]
        assert calls["cost"].isna().to_list() == [True, False]
        assert page["cost"] is None or page["cost"] != page["cost"]


async def test_what_loops_three_times_is_suspect_and_let_be(mill):
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda _: "A heading and a paragraph of some words, and so on"
    mill.emulator.plan.next("loop", times=9)

    await mill.run(stream=True)

    page = the_row(mill)
    assert (page["status"], page["error_message"], page["stop_reason"]) == ("suspect", "repetition", "loop")
    assert [call.parameters["temperature"] for call in mill.emulator.calls] == [0.01, 0.3, 0.8]
    assert page["text"].startswith("A heading")
    assert page["calls"] == 3


async def test_reasoning_that_loops_is_stopped_as_well(mill):
    card(mill.source / "a.png", "alpha")
    mill.emulator.thought = "Is it so, or is it not so? Let me look again. " * 400

    await mill.run(thinking=True)

    page = the_row(mill)
    assert (page["status"], page["stop_reason"], page["text"], page["calls"]) == ("suspect", "loop", "", 3)
    assert LOOP_SURE <= len(page["reasoning"]) < LOOP_SURE * 2


@pytest.mark.parametrize("operation", ["ask", "translation", "structured"])
async def test_every_operation_asks_a_loop_again(mill, operation):
    card(mill.source / "a.png", "alpha")
    answers = {"structured": '{"invoice_number": "A", "total_amount": 7}', "ask": "A card."}
    answers["translation"] = "<source>alpha</source>\n<target>alpha</target>"
    mill.emulator.responder = lambda _: answers[operation]
    mill.emulator.plan.next("loop")
    wanted = {"prompt": "What is it?", "target_language": "de", "extraction_schema": "invoice"}

    await mill.run(stream=True, operation=operation, **wanted)

    assert mill.table("calls")["stop_reason"].sort_values().to_list() == ["loop", "stop"]
    assert the_row(mill)["stop_reason"] == "stop"


async def test_structured_data_that_was_cut_in_a_loop_is_asked_anew(mill):
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda _: '{"invoice_number": "A", "total_amount": 7}'
    mill.emulator.plan.next("loop")

    await mill.run(operation="structured", extraction_schema="invoice")

    assert the_row(mill)["status"] == "ok"
    assert [call.parameters.get("temperature") for call in mill.emulator.calls] == [0.01, 0.3]


def test_a_stream_is_stopped_soon_after_its_loop_is_certain():
    assert LOOP_SURE < stopped_after("Heading\n" + "and so on, " * 3_000) < LOOP_SURE + 1_500


@pytest.mark.parametrize("rows", [10, 60])
def test_a_table_of_zeros_is_no_reason_to_stop(rows):
    assert stopped_after(f"<table>{ROW * rows}</table>\nTotal 0.00") is None


@given(st.lists(st.text(min_size=1, max_size=80), max_size=60))
def test_what_does_not_loop_in_the_end_was_never_stopped_before_it(texts):
    text = "\n".join(texts)
    assert stopped_after(text) is None or has_loop(text[: stopped_after(text)])


def test_a_row_repeated_is_found_whatever_its_length():
    for length in range(1, 400):
        piece = "word" * (length // 4) + "x" * (length % 4) if length > 1 else "x"
        assert has_loop("Heading\n" + piece * (LOOP_SURE // len(piece) + 9), chars=LOOP_SURE), length
