from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageFault
from schemas.requests import Turn
from tasks.backends.dashscope.question import question_of
from tasks.catalogue import load_models
from tests.backends.asking import page_of, request_of

VL = load_models()["qwen3-vl-plus"]
OCR = load_models()["qwen3.5-ocr"]
QVQ = load_models()["qvq-max"]
PLAIN_OLD = load_models()["qwen-vl-max"]


def test_text_stands_before_the_images_so_that_pages_share_a_prefix() -> None:
    question = question_of(request_of(), [page_of(1), page_of(2)], VL)
    (message,) = question.messages
    assert [next(iter(item)) for item in message["content"]] == ["text", "image", "image"]


def test_an_ocr_model_sees_the_image_first() -> None:
    (message,) = question_of(request_of(), [page_of()], OCR).messages
    assert [next(iter(item)) for item in message["content"]] == ["image", "text"]


def test_an_image_is_a_data_uri_with_the_bounds_that_it_was_rendered_for() -> None:
    page = page_of()
    item = question_of(request_of(), [page], VL).messages[0]["content"][1]
    assert item["image"] == "data:image/png;base64," + base64.b64encode(page.image.data).decode()
    assert (item["min_pixels"], item["max_pixels"]) == (4_096, 2_621_440)


def test_images_stand_only_in_the_turn_that_has_them() -> None:
    turns = (Turn("system", "S"), Turn("user", "Q", images=True), Turn("assistant", "A"), Turn("user", "R"))
    messages = question_of(request_of(*turns), [page_of()], VL).messages
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert [len(message["content"]) for message in messages] == [1, 2, 1, 1]


def test_a_follow_up_is_part_of_the_conversation() -> None:
    request = replace(request_of(), more_turns=(Turn("assistant", "A"), Turn("user", "Again.")))
    assert question_of(request, [page_of()], VL).messages[-1]["content"] == [{"text": "\nAgain."}]


@given(st.text(min_size=1))
def test_no_text_of_a_user_can_be_a_path_or_a_url(text: str) -> None:
    (message,) = question_of(request_of(Turn("user", text)), [], VL).messages
    (item,) = message["content"]
    assert item["text"].startswith("\n")
    assert item["text"].removeprefix("\n") == text


def test_half_a_surrogate_pair_does_not_stop_the_question() -> None:
    question = question_of(request_of(Turn("user", "a\ud800b"), Turn("system", "\udfff")), [], VL)
    json.dumps(question.messages, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("model", "asked", "sent"),
    [
        ("qwen3-vl-plus", None, False),
        ("qwen3-vl-plus", True, True),
        ("qwen3.6-plus", None, False),
        ("qwen3.6-plus", False, False),
        ("qvq-max", None, None),
        ("qvq-max", True, None),
        ("qwen-vl-max", None, None),
        ("qwen-vl-max", False, None),
    ],
)
def test_reasoning_is_always_stated_where_a_model_can_choose(model: str, asked: bool | None, sent: bool | None) -> None:
    given_ = {} if asked is None else {"enable_thinking": asked}
    question = question_of(request_of(**given_), [page_of()], load_models()[model])
    assert question.parameters.get("enable_thinking") == sent


def test_a_model_is_not_asked_for_what_it_cannot_do() -> None:
    with pytest.raises(UsageFault, match="cannot reason"):
        question_of(request_of(enable_thinking=True), [], PLAIN_OLD)
    with pytest.raises(UsageFault, match="always reasons"):
        question_of(request_of(enable_thinking=False), [], QVQ)


@pytest.mark.parametrize(("spec", "parameters"), [(QVQ, {}), (VL, {"stream": True}), (VL, {"enable_thinking": True})])
def test_a_stream_is_asked_for_in_pieces(spec: object, parameters: dict[str, bool]) -> None:
    question = question_of(request_of(**parameters), [page_of()], spec)  # type: ignore[arg-type]
    assert question.stream
    assert question.parameters["stream"]
    assert question.parameters["incremental_output"]


def test_a_whole_answer_is_not_streamed() -> None:
    question = question_of(request_of(stream=False), [page_of()], VL)
    assert not question.stream
    assert "stream" not in question.parameters


@pytest.mark.parametrize("name", ["timeout", "session", "api_key", "headers", "temprature"])
def test_an_unknown_parameter_is_refused_by_name(name: str) -> None:
    with pytest.raises(UsageFault, match=name):
        question_of(request_of(**{name: 1}), [], VL)


def test_rotation_stands_beside_the_image() -> None:
    question = question_of(request_of(enable_rotate=True), [page_of()], OCR)
    assert question.messages[0]["content"][0]["enable_rotate"] is True
    assert "enable_rotate" not in question.parameters


def test_a_task_needs_no_text() -> None:
    request = request_of(Turn("user", "", images=True), ocr_options={"task": "text_recognition"})
    (message,) = question_of(request, [page_of()], OCR).messages
    assert [next(iter(item)) for item in message["content"]] == ["image"]
