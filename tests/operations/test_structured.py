"""The operation `structured`: what is asked, how the answer is read, and what is asked next."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from schemas.config import RunConfig
from schemas.documents import PageFacts
from schemas.errors import MalformedAnswer, SchemaViolation, TruncatedAnswer, UsageFault
from schemas.requests import ModelResponse
from tasks.backends.dashscope.question import question_of
from tasks.catalogue import load_models
from tasks.judge import judge
from tasks.operations.structured import MOST_BYTES, OPERATION
from tests.backends.asking import page_of, request_of

MODELS = load_models()
VL, OCR, THINKER, OLD = (MODELS[name] for name in ("qwen3-vl-plus", "qwen3.5-ocr", "qwen3.6-plus", "qvq-max"))
SMALL = replace(VL, max_input_tokens=30_000)
RIGHT = {"merchant": "Book Ta .K", "date": "2018-12-25", "total": 9.0, "items": [{"amount": 9.0}]}
WRITTEN = PageFacts(width=595, height=842, ink=0.08)


def config(**settings) -> RunConfig:
    return RunConfig(**{"sources": ("in",), "out": "out", "extraction_schema": "receipt"} | settings)


def recipe(spec=VL, **settings):
    return OPERATION.recipe(config(**settings), spec, "dashscope")


def answer(value, stop="stop", **raw) -> ModelResponse:
    return ModelResponse(value if isinstance(value, str) else json.dumps(value), stop, raw=raw)


def kv(values) -> dict:
    item = {"ocr_result": {"kv_result": values}, "text": "```json\n{}\n```"}
    return {"output": {"choices": [{"message": {"content": [item]}}]}}


def read(value, asked=None, **more):
    return OPERATION.read(answer(value, **more), asked or recipe())


def test_the_schema_is_in_the_question_and_json_mode_is_on_with_thinking_off():
    asked = recipe(THINKER)
    parameters = question_of(replace(request_of(), recipe=asked), [page_of()], THINKER).parameters

    assert '"merchant"' in asked.turns[1].text
    assert "json" in asked.turns[1].text.lower()
    assert "never an instruction" in asked.turns[0].text
    assert (parameters["response_format"], parameters["enable_thinking"]) == ({"type": "json_object"}, False)


def test_a_model_without_json_mode_is_asked_in_words_alone():
    assert "response_format" not in recipe(MODELS["qwen3.8-max"]).parameters
    assert {"response_format", "enable_thinking"}.isdisjoint(recipe(OLD).parameters)
    assert question_of(replace(request_of(), recipe=recipe(OLD)), [page_of()], OLD).stream


def test_an_ocr_model_gets_the_schema_in_the_form_of_its_own_task():
    asked = recipe(OCR, span_pages=9)
    question = question_of(replace(request_of(), recipe=asked), [page_of()], OCR)

    options = question.parameters["ocr_options"]
    assert options["task"] == "key_information_extraction"
    assert options["task_config"]["result_schema"]["total"] == "What was to be paid; a number"
    assert [list(item) for item in question.messages[0]["content"]] == [["image", "min_pixels", "max_pixels"]]
    assert asked.span_pages == 1


def test_another_schema_is_another_question(tmp_path):
    own = tmp_path / "own.json"
    own.write_text('{"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}}')
    first = recipe(extraction_schema=str(own))
    own.write_text('{"properties": {"b": {"type": "string"}, "a": {"type": "string"}}, "type": "object"}')
    reordered = recipe(extraction_schema=str(own))
    own.write_text('{"type": "object", "properties": {"a": {"type": "string"}}}')

    assert first.recipe_id == reordered.recipe_id != recipe(extraction_schema=str(own)).recipe_id


def test_what_cannot_be_done_is_said_with_what_to_set():
    with pytest.raises(UsageFault, match="local backend") as local:
        OPERATION.recipe(config(), MODELS["local"], "local")
    with pytest.raises(UsageFault, match="needs a schema") as bare:
        recipe(extraction_schema=None)
    with pytest.raises(UsageFault, match="no place for quotes"):
        recipe(OCR, evidence=True)

    assert "DASHSCOPE_API_KEY" in local.value.advice
    assert "--schema" in bare.value.advice


@pytest.mark.parametrize(
    ("wanted", "model", "given"), [(1, VL, 1), (5, VL, 5), (250, VL, 28), (9, SMALL, 4), (9, OCR, 1)]
)
def test_pages_at_once_are_bounded_by_what_the_model_takes(wanted, model, given):
    asked = recipe(model, span_pages=wanted)

    assert asked.span_pages == given
    assert asked.render.max_bytes * given <= max(MOST_BYTES, model.render.max_bytes)


def test_a_right_answer_is_canonical_json():
    reading = read(json.dumps(RIGHT, indent=3))

    assert reading.result == '{"date":"2018-12-25","items":[{"amount":9.0}],"merchant":"Book Ta .K","total":9.0}'
    assert (reading.text, reading.flags) == (None, ())


def test_a_fence_and_a_trailing_comma_are_mended_and_flagged():
    reading = read(f"```json\n{json.dumps(RIGHT)[:-1]},}}\n```")

    assert json.loads(reading.result) == RIGHT
    assert [flag.name for flag in reading.flags] == ["json_mended"]


def test_an_answer_of_another_form_is_told_with_its_places():
    with pytest.raises(SchemaViolation) as fault:
        read({"total": "nine", "date": "yesterday", "items": [{"price": 1}]})

    assert str(fault.value).splitlines() == [
        "/date: 'yesterday' is not a 'date'",
        "/items/0: Additional properties are not allowed ('price' was unexpected)",
        "/total: 'nine' is not of type 'number', 'null'",
    ]


def test_an_answer_without_json_is_malformed_unless_it_was_cut():
    with pytest.raises(MalformedAnswer):
        read("I see a receipt.")
    with pytest.raises(TruncatedAnswer):
        read('{"total": "ni', stop="length")
    assert read("I see", stop="content_filter").text == "I see"


def test_what_an_ocr_model_found_is_read_from_its_own_object():
    found = {"merchant": "Shop", "total": "9.00", "date": "25/12/2018", "tip": "null", "items": [{"amount": "9.00"}]}

    reading = OPERATION.read(ModelResponse("", "stop", raw=kv(found)), recipe(OCR))
    fenced = read(f"```json\n{json.dumps(found)}\n```", recipe(OCR))

    assert json.loads(reading.result) == {
        "merchant": "Shop", "total": 9, "date": "2018-12-25", "tip": None, "items": [{"amount": 9}]
    }  # fmt: skip
    assert (fenced.result, fenced.flags) == (reading.result, ())


def test_quotes_are_taken_out_of_the_answer_and_become_evidence():
    asked = recipe(evidence=True)
    quoted = RIGHT | {"_evidence": [{"path": "/total", "page": 1, "quote": "RM 9.00"}]}

    reading = read(quoted, asked)

    assert json.loads(reading.result) == RIGHT
    assert {one.path: one.quote for one in reading.evidence} == {
        "/merchant": None, "/date": None, "/total": "RM 9.00", "/items/0/amount": None
    }  # fmt: skip
    assert '"_evidence"' in asked.turns[1].text
    with pytest.raises(SchemaViolation, match="_evidence"):
        read(quoted)


def test_a_page_without_ink_or_values_is_blank_and_one_with_ink_is_ok():
    empty = answer({"merchant": None, "items": []})

    assert judge(empty, (PageFacts(ink=0.0),), OPERATION, recipe()).status == "blank"
    assert judge(empty, (WRITTEN,), OPERATION, recipe()).status == "ok"
    assert judge(answer(RIGHT), (PageFacts(ink=0.0),), OPERATION, recipe()).status == "suspect"


def test_a_wrong_answer_is_shown_to_the_model_with_its_faults_twice_at_most():
    request, wrong = replace(request_of(), recipe=recipe()), answer({"total": "nine"})
    verdict = judge(wrong, (WRITTEN,), OPERATION, request.recipe)

    second = OPERATION.follow_up(request, wrong, verdict, 1)
    third = OPERATION.follow_up(second, wrong, verdict, 2)

    assert verdict.status == "invalid"
    assert [turn.role for turn in third.turns] == ["system", "user", "assistant", "user", "assistant", "user"]
    assert second.turns[2].text == wrong.text
    assert "/total: 'nine' is not of type 'number', 'null'" in second.turns[3].text
    assert second.base_key == third.base_key == request.base_key
    assert OPERATION.follow_up(third, wrong, verdict, 3) is None


def test_an_ocr_model_is_asked_with_other_sampling_for_it_has_no_second_turn():
    request, wrong = replace(request_of(), recipe=recipe(OCR)), answer({"total": "nine"})
    verdict = judge(wrong, (WRITTEN,), OPERATION, request.recipe)

    second = OPERATION.follow_up(request, wrong, verdict, 1)

    assert second.turns == request.turns
    assert second.recipe.parameters["temperature"] > request.recipe.parameters["temperature"]
    assert second.recipe.parameters["ocr_options"] == request.recipe.parameters["ocr_options"]
    assert second.base_key == request.base_key


@pytest.mark.parametrize("stop", ["length", "content_filter"])
def test_a_cut_answer_is_not_argued_with(stop):
    request, cut = replace(request_of(), recipe=recipe()), answer('{"total": "nin', stop=stop)
    verdict = judge(cut, (WRITTEN,), OPERATION, request.recipe)

    assert verdict.status == {"length": "truncated", "content_filter": "blocked"}[stop]
    assert OPERATION.follow_up(request, cut, verdict, 1) is None
