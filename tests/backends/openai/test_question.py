from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageFault
from schemas.models import ModelSpec
from schemas.requests import FrameSpec, Turn
from tasks.backends.openai.question import Question, question_of
from tasks.catalogue import load_models
from tests.backends.asking import page_of, request_of

VL = load_models()["qwen3-vl-plus"]
QVQ = load_models()["qvq-max"]
OWN = replace(VL, name="own", thinking="none")


def asked(*turns: Turn, spec: ModelSpec = VL, dashscope: bool = True, **parameters: Any) -> Question:
    return question_of(request_of(*turns, model=spec.name, **parameters), [page_of()], spec, dashscope=dashscope)


def test_text_stands_before_the_images_so_that_pages_share_a_prefix() -> None:
    question = question_of(request_of(), [page_of(1), page_of(2)], VL, dashscope=True)
    (message,) = question.body["messages"]
    assert [item["type"] for item in message["content"]] == ["text", "image_url", "image_url"]


@pytest.mark.parametrize("dashscope", [True, False])
def test_an_image_is_a_data_uri_and_only_dashscope_is_told_its_bounds(dashscope: bool) -> None:
    item = asked(dashscope=dashscope).body["messages"][0]["content"][1]
    assert item["image_url"] == {"url": "data:image/png;base64," + base64.b64encode(page_of().image.data).decode()}
    bounds = {"min_pixels": 4_096, "max_pixels": 2_621_440} if dashscope else {}
    assert {name: value for name, value in item.items() if name.endswith("pixels")} == bounds


def test_turns_without_images_are_plain_text() -> None:
    turns = (Turn("system", "S"), Turn("user", "Q", images=True), Turn("assistant", "A"), Turn("user", "R"))
    messages = asked(*turns).body["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant", "user"]
    assert [messages[number]["content"] for number in (0, 2, 3)] == ["S", "A", "R"]


@pytest.mark.parametrize(
    ("model", "wanted", "sent"),
    [
        ("qwen3-vl-plus", None, False),
        ("qwen3-vl-plus", True, True),
        ("qwen3.6-plus", None, False),
        ("qwen3.6-plus", False, False),
        ("qvq-max", True, None),
        ("qwen-vl-max", False, None),
    ],
)
def test_reasoning_is_always_stated_where_a_model_can_choose(
    model: str, wanted: bool | None, sent: bool | None
) -> None:
    parameters = {} if wanted is None else {"enable_thinking": wanted}
    spec = load_models()[model]
    assert asked(spec=spec, **parameters).body.get("enable_thinking") == sent
    elsewhere = asked(spec=spec, dashscope=False, **parameters).body
    assert elsewhere.get("chat_template_kwargs") == (None if sent is None else {"enable_thinking": sent})
    assert "enable_thinking" not in elsewhere


def test_how_long_to_reason_is_said_in_the_words_of_who_is_asked() -> None:
    assert asked(enable_thinking=True, thinking_budget=5).body["thinking_budget"] == 5
    assert asked(enable_thinking=True, thinking_budget=5, dashscope=False).body["thinking_token_budget"] == 5


def test_a_model_is_not_asked_for_what_it_cannot_do() -> None:
    with pytest.raises(UsageFault, match="cannot reason"):
        asked(spec=OWN, enable_thinking=True)
    with pytest.raises(UsageFault, match="always reasons"):
        asked(spec=QVQ, enable_thinking=False)


@pytest.mark.parametrize(("spec", "parameters"), [(QVQ, {}), (VL, {"stream": True}), (VL, {"enable_thinking": True})])
def test_a_stream_is_asked_for_with_its_usage(spec: ModelSpec, parameters: dict[str, bool]) -> None:
    body = asked(spec=spec, **parameters).body
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


def test_a_whole_answer_is_not_streamed() -> None:
    assert not asked(stream=False).body.keys() & {"stream", "stream_options"}


@pytest.mark.parametrize("name", ["timeout", "api_key", "temprature", "ocr_options", "enable_rotate", "messages"])
def test_a_parameter_that_this_protocol_has_not_is_refused_by_name(name: str) -> None:
    with pytest.raises(UsageFault, match=name):
        asked(**{name: 1})


def test_a_parameter_of_dashscope_alone_goes_to_dashscope_alone() -> None:
    assert asked(vl_high_resolution_images=True).body["vl_high_resolution_images"] is True
    with pytest.raises(UsageFault, match="vl_high_resolution_images"):
        asked(dashscope=False, vl_high_resolution_images=True)


@given(st.text(alphabet=st.characters(), max_size=20))
def test_any_text_can_be_sent(text: str) -> None:
    body = asked(Turn("user", text, images=True), Turn("user", text)).body
    json.dumps(body, ensure_ascii=False).encode()


def test_half_a_surrogate_pair_does_not_stop_the_question() -> None:
    json.dumps(asked(Turn("user", "a\ud800b")).body, ensure_ascii=False).encode()


FILM = [replace(page_of(number), second=number / 4) for number in range(1, 6)]


def film_of(*, dashscope: bool) -> dict[str, Any]:
    request = request_of()
    request = replace(request, recipe=replace(request.recipe, render=FrameSpec()))
    question = question_of(request, FILM, VL, dashscope=dashscope)
    item: dict[str, Any] = question.body["messages"][0]["content"][1]
    return item


def test_a_film_is_a_list_of_frames_with_their_rate_to_dashscope() -> None:
    item = film_of(dashscope=True)
    assert (item["type"], len(item["video"]), item["fps"]) == ("video", 5, 4.0)
    assert all(uri.startswith("data:image/png;base64,") for uri in item["video"])


def test_a_film_is_one_address_with_all_frames_to_a_server_of_ones_own() -> None:
    item = film_of(dashscope=False)
    head, *frames = item["video_url"]["url"].split(",")
    assert (item["type"], head) == ("video_url", "data:video/jpeg;base64")
    assert [base64.b64decode(frame) for frame in frames] == [frame.image.data for frame in FILM]


@pytest.mark.parametrize("dashscope", [True, False])
def test_a_conversation_that_the_model_ends_is_gone_on_with(dashscope: bool) -> None:
    turns = (Turn("user", "Q", images=True), Turn("assistant", "A beginn"))
    body = asked(*turns, dashscope=dashscope).body
    assert body["messages"][-1].get("partial") == (True if dashscope else None)
    assert body.get("continue_final_message") == (None if dashscope else True)
    assert body.get("add_generation_prompt") == (None if dashscope else False)
    assert "partial" not in asked(*turns[:1], dashscope=dashscope).body["messages"][-1]
