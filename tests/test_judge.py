"""What an answer is worth, given its page."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.documents import PageFacts
from schemas.requests import ModelResponse, Recipe
from tasks.judge import judge
from tasks.judging.layer import recall
from tasks.looping import has_loop
from tasks.operations.text import OPERATION
from tasks.prompting import unfenced

RECIPE = Recipe("text", 1, "dashscope", "m", options={"text_format": "markdown"})
WRITTEN = PageFacts(width=595, height=842, ink=0.08)
BLANK = PageFacts(width=595, height=842, ink=0.0)
PROSE = "The supplier delivers the goods within fourteen days of the order. " * 3


def verdict(text, facts=WRITTEN, stop="stop", **raw):
    return judge(ModelResponse(text=text, stop_reason=stop, raw=raw), (facts,), OPERATION, RECIPE)


def names(found):
    return {flag.name for flag in found.flags}


def test_a_page_that_was_read_is_ok():
    found = verdict(PROSE)

    assert (found.status, found.error_kind, found.flags) == ("ok", None, ())
    assert found.reading.text == PROSE
    assert found.reading.text_format == "markdown"


@pytest.mark.parametrize("answer", ["", "  \n", "<blank/>"])
def test_nothing_read_on_a_page_without_ink_is_a_blank_page(answer):
    assert verdict(answer, BLANK).status == "blank"


def test_nothing_read_where_the_renderer_complained_is_no_blank_page():
    found = verdict("", PageFacts(width=595, height=842, ink=0.0, notes=("no image",), damaged=True))

    assert found.status == "suspect"
    assert names(found) == {"blank_where_damaged"}


def test_nothing_read_on_a_page_with_ink_is_suspect():
    found = verdict("", WRITTEN)

    assert found.status == "suspect"
    assert names(found) == {"empty_answer"}


def test_an_empty_answer_where_the_layer_has_text_is_suspect():
    assert verdict("", PageFacts(ink=0.002, layer_text="Page intentionally left blank")).status == "suspect"


def test_text_on_a_page_without_ink_is_invented():
    found = verdict("All warfare is based on deception.", BLANK)

    assert found.status == "suspect"
    assert names(found) == {"text_without_ink"}


@pytest.mark.parametrize(
    "answer",
    [
        "I'm sorry, but I can't read this image.",
        "No image was provided.",
        "The provided input is missing.",
        "抱歉，我无法识别这张图片。",
        "无法识别图片内容",
    ],
)
def test_a_refusal_is_not_the_text_of_a_page(answer):
    assert "refusal" in names(verdict(answer))


def test_a_letter_that_apologizes_is_not_a_refusal():
    letter = "Sorry, but I will be late.\n" + " ".join(f"On day {day} we did task {day * 7}." for day in range(60))

    assert verdict(letter).status == "ok"


@pytest.mark.parametrize(
    ("stop", "status"),
    [("length", "truncated"), ("partial", "truncated"), ("error", "truncated"), ("content_filter", "blocked")],
)
def test_a_cut_answer_is_never_ok(stop, status):
    found = verdict(PROSE, stop=stop)

    assert found.status == status
    assert found.reading.text == PROSE
    assert found.error_message


def test_an_answer_that_was_stopped_for_a_loop_in_its_reasoning_is_no_blank_page():
    found = verdict("", BLANK, stop="loop")

    assert (found.status, names(found)) == ("suspect", {"repetition"})


def test_a_loop_is_seen():
    assert "repetition" in names(verdict("Start. " + "and so on and on " * 40))


@pytest.mark.parametrize(
    "text",
    [
        "Contents\n" + "Chapter ........................................ 12\n" * 3,
        "| a | b |\n" + "|---|---|\n" * 60,
        "-" * 2_000,
        "\n".join(f"| {number} | {number * 7} | item |" for number in range(200)),
        PROSE,
    ],
)
def test_rules_leaders_and_long_tables_are_no_loops(text):
    assert not has_loop(text)


@given(st.text(min_size=4, max_size=40).filter(lambda piece: any(char.isalpha() for char in piece)))
def test_any_piece_repeated_often_enough_is_a_loop(piece):
    assert has_loop("Heading\n" + piece * (8 + 200 // len(piece) + 1))


def test_low_confidence_of_local_reading_is_suspect():
    here = ModelResponse(text="뷁쉛 x7", stop_reason="stop", raw={"origin": "ocr", "ocr_score": 0.4})
    found = judge(here, (WRITTEN,), OPERATION, replace(RECIPE, backend="local"))

    assert found.status == "suspect"
    assert found.reading.origin == "ocr"
    assert names(found) == {"low_ocr_score"}


def test_what_the_text_layer_has_and_the_answer_lacks_is_flagged_and_weak_alone():
    layer = " ".join(f"word{number}" for number in range(100))

    found = verdict("Another text altogether.", PageFacts(ink=0.1, layer_text=layer))

    assert names(found) == {"layer_missing"}
    assert found.status == "ok"
    assert verdict(layer, PageFacts(ink=0.1, layer_text=layer)).flags == ()


def test_weak_signals_together_are_strong():
    layer = " ".join(f"word{number}" for number in range(100))
    hidden = PageFacts(ink=0.1, hidden_text=True)
    plain = PageFacts(ink=0.1, layer_text=layer)

    found = judge(ModelResponse("Another text.", "stop"), (hidden, plain), OPERATION, RECIPE)

    assert found.status == "suspect"
    assert found.error_message == "hidden_text, layer_missing"


@given(st.text(), st.text())
def test_recall_is_a_share(truth, text):
    assert 0.0 <= recall(truth, text) <= 1.0
    assert recall(truth, truth + " " + text) == 1.0 or not truth.strip()


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ("```markdown\n# Title\nBody\n```", "# Title\nBody"),
        ("```\nplain\n```\n", "plain"),
        ("Text\n```python\ncode\n```", "Text\n```python\ncode\n```"),
        ("```a```", "```a```"),
        ("```md\nfirst\n```\nbetween\n```md\nlast\n```", "```md\nfirst\n```\nbetween\n```md\nlast\n```"),
    ],
)
def test_only_a_fence_around_the_whole_answer_is_taken_off(answer, text):
    assert unfenced(answer) == text
