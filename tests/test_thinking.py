"""Models that reason before they answer: asked so or not, received as it is written, accounted, never sent back."""

import json

import pytest

from flows.cli import main
from schemas.config import RunConfig
from schemas.errors import ExitCode, ModelUnavailable, UsageFault
from tasks.estimate import estimate
from tasks.order import resolve
from tests.mill import Memory, card, mill_over

pytestmark = pytest.mark.xdist_group("run")

NATIVE, COMPATIBLE = "dashscope", "openai"
MODEL = "qwen3-vl-plus"
MUSING = "The page shows a card. " * 40


@pytest.fixture(params=[NATIVE, COMPATIBLE])
def mill(request, tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    return mill_over(request.param, tmp_path, emulator)


def order(**settings):
    return resolve(RunConfig(sources=("in",), out="out", backend=NATIVE, **settings))


def the_row(mill, table="pages"):
    (row,) = mill.table(table).to_dict("records")
    return row


async def test_reasoning_has_its_column_and_its_tokens(mill):
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda _: "alpha"

    await mill.run(thinking=True, thinking_budget=50)

    page, call, seen = the_row(mill), the_row(mill, "calls"), mill.emulator.calls[0]
    assert (page["status"], page["text"]) == ("ok", "alpha")
    assert page["reasoning"].startswith("The user shows 1 picture")
    spoken = seen.usage["output_tokens_details"]
    assert page["reasoning_tokens"] == call["reasoning_tokens"] == spoken["reasoning_tokens"] > 0
    assert page["output_tokens"] == seen.usage["output_tokens"] == sum(spoken.values())
    assert page["cost"] == pytest.approx((page["input_tokens"] * 1 + page["output_tokens"] * 10) / 1e6)
    assert (seen.stream, seen.parameters["enable_thinking"], seen.parameters["thinking_budget"]) == (True, True, 50)
    # What reads best at the lowest temperature goes round in circles when it reasons at it.
    assert {"temperature", "top_k", "top_p"}.isdisjoint(seen.parameters)


async def test_a_budget_ends_the_reasoning_and_not_the_answer(mill):
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda _: "alpha"
    mill.emulator.thought = MUSING

    await mill.run(thinking=True, thinking_budget=20)

    page = the_row(mill)
    assert (page["text"], page["reasoning_tokens"]) == ("alpha", 20)
    assert MUSING.startswith(page["reasoning"])


@pytest.mark.parametrize(("thinking", "stated"), [(None, False), (False, False), (True, True)])
async def test_a_model_that_thinks_unless_told_not_to_is_told(mill, thinking, stated):
    card(mill.source / "a.png", "alpha")

    await mill.run(model="qwen3.6-plus", thinking=thinking)

    page, seen = the_row(mill), mill.emulator.calls[0]
    assert (seen.parameters["enable_thinking"], seen.stream) == (stated, stated)
    assert (page["reasoning_tokens"] > 0, isinstance(page["reasoning"], str)) == (stated, stated)
    assert page["status"] == "ok"


async def test_qvq_is_streamed_and_never_told_whether_to_think(mill):
    card(mill.source / "a.png", "alpha")

    await mill.run(model="qvq-plus")

    page, seen = the_row(mill), mill.emulator.calls[0]
    assert (page["status"], seen.stream, seen.outcome) == ("ok", True, "answered")
    assert page["reasoning_tokens"] > 0
    assert "enable_thinking" not in seen.parameters


async def test_reasoning_is_not_sent_back_in_the_second_turn(mill):
    card(mill.source / "a.png", "alpha")
    answers = ['{"invoice_number": "A", "total_amount": "a lot"}', '{"invoice_number": "A", "total_amount": 7}']
    asked = []
    mill.emulator.responder = lambda question: asked.append(question) or answers[len(asked) - 1]
    mill.emulator.thought = MUSING

    await mill.run(operation="structured", extraction_schema="invoice", thinking=True)

    page = the_row(mill)
    assert json.loads(page["result"]) == {"invoice_number": "A", "total_amount": 7}
    assert page["reasoning"] == MUSING
    assert answers[0] in asked[1].prompt
    assert MUSING[:20] not in asked[1].prompt
    assert page["reasoning_tokens"] == sum(
        call.usage["output_tokens_details"]["reasoning_tokens"] for call in mill.emulator.calls
    )


@pytest.mark.parametrize(("thinking", "json_mode"), [(None, True), (True, False)])
async def test_json_mode_and_thinking_are_never_asked_for_together(mill, thinking, json_mode):
    card(mill.source / "a.png", "alpha")
    mill.emulator.responder = lambda _: '{"invoice_number": "A", "total_amount": 7}'

    await mill.run(operation="structured", extraction_schema="invoice", model="qwen3.6-plus", thinking=thinking)

    (seen,) = mill.emulator.calls
    assert ("response_format" in seen.parameters, seen.parameters["enable_thinking"]) == (json_mode, not json_mode)
    assert the_row(mill)["status"] == "ok"


async def test_streaming_changes_no_answer_and_asks_for_nothing_again(mill):
    card(mill.source / "a.png", "alpha")
    await mill.run(stream=True)
    assert mill.emulator.calls[0].stream
    streamed = the_row(mill)

    await mill.run(stream=False)

    assert len(mill.emulator.calls) == 1
    assert the_row(mill)["text"] == streamed["text"]
    assert order(stream=True).recipe.recipe_id == order().recipe.recipe_id


def test_not_to_think_is_what_is_asked_anyway():
    assert order(thinking=False).recipe == order().recipe
    assert order(thinking=True).recipe.recipe_id != order().recipe.recipe_id


@pytest.mark.parametrize(
    ("settings", "said", "advice"),
    [
        ({"model": "qwen-vl-ocr", "thinking": True}, "qwen-vl-ocr cannot reason", "leave --thinking out"),
        ({"model": "qvq-plus", "thinking": False}, "qvq-plus always reasons", "leave --no-thinking out"),
        ({"thinking_budget": 100}, "there is none", "set --thinking as well"),
        ({"model": "qwen-vl-ocr", "thinking_budget": 100}, "there is none", "leave out --thinking-budget"),
        ({"thinking": True, "thinking_budget": 90_000}, "at most 81,920 tokens, not 90,000", "to 81920 or less"),
    ],
)
def test_what_a_model_cannot_do_is_refused_in_a_sentence(settings, said, advice):
    with pytest.raises(UsageFault, match=said) as fault:
        order(**settings)
    assert advice in fault.value.advice


def test_a_retired_model_is_named_with_its_successor():
    with pytest.raises(ModelUnavailable, match="qvq-max was retired") as fault:
        order(model="qvq-max")
    assert "qwen3.6-plus" in fault.value.advice


def test_the_most_that_reasoning_can_take_is_reserved():
    assert order().max_thinking_tokens == 0
    assert order(thinking=True).max_thinking_tokens == 81_920
    assert order(thinking=True, thinking_budget=500).max_thinking_tokens == 500
    assert order(model="qvq-plus").max_thinking_tokens == 81_920


async def test_an_estimate_counts_reasoning_before_any_was_seen(mill):
    card(mill.source / "a.png", "alpha")
    plain = await estimate(mill.config(), reporter=Memory())
    thinking = await estimate(mill.config(thinking=True), reporter=Memory())
    bounded = await estimate(mill.config(thinking=True, thinking_budget=500), reporter=Memory())

    assert [it.output_tokens_likely for it in (plain, bounded, thinking)] == [600, 1_100, 1_600]
    assert "350, 1,600 and 5,800 output tokens" in thinking.basis
    assert plain.cost_likely < bounded.cost_likely < thinking.cost_likely


def test_the_options_stand_on_the_command_line(mill, capsys):
    card(mill.source / "a.png", "alpha")
    service = [
        "--backend",
        mill.settings["backend"],
        "--base-url",
        mill.settings["base_url"],
        "--model",
        MODEL,
        "--workers",
        "1",
    ]

    code = main(["run", str(mill.source), "-o", str(mill.out), "--thinking", "--thinking-budget", "30", *service])

    assert code == ExitCode.OK, capsys.readouterr().err
    assert mill.emulator.calls[0].parameters["thinking_budget"] == 30
    assert main(["run", "in", "-o", "out", "--thinking-budget", "0"]) == ExitCode.USAGE
    assert "--thinking-budget: should be greater" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("stand_in", "asked", "stated"),
    [
        ("qwen-vl-ocr", {"thinking": True, "thinking_budget": 50}, {}),
        ("qwen3-vl-flash", {"thinking": True, "thinking_budget": 50}, {"enable_thinking": True, "thinking_budget": 50}),
        ("qwen3-vl-235b-a22b-thinking", {"thinking": False}, {}),
    ],
)
def test_a_model_that_stands_in_reasons_as_far_as_it_can(monkeypatch, tmp_path, stand_in, asked, stated):
    table = tmp_path / "models.toml"
    table.write_text(f'[models.{MODEL}]\nfallback = "{stand_in}"\n', encoding="utf-8")
    monkeypatch.setenv("PAGEMILL_MODELS", str(table))
    fallback = order(model=MODEL, **asked).fallback
    assert fallback is not None
    said = {name: fallback.recipe.parameters.get(name) for name in ("enable_thinking", "thinking_budget")}
    assert {name: value for name, value in said.items() if value} == stated
