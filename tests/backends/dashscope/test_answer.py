from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.requests import ModelResponse
from schemas.usage import Usage
from tasks.backends.dashscope.answer import Pieces, Reply, response_of


def read(
    content: Any, finish_reason: Any = "stop", *, headers: Mapping[str, str] | None = None, processed: bool = False
) -> ModelResponse:
    output = {"choices": [{"finish_reason": finish_reason, "message": {"role": "assistant", "content": content}}]}
    response = response_of(Reply(output, {}, "r"), headers or {}, (), processed=processed)
    assert response is not None
    return response


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ([{"text": "a"}], "a"),
        ([{"text": "a"}, {"text": "b"}], "ab"),
        ([{"image": "x"}, {"text": "b"}], "b"),
        ("plain", "plain"),
        (["a", {"text": "b"}], "ab"),
        ([], ""),
        (None, ""),
        ([{"text": None}], ""),
        ([None, 3], ""),
    ],
)
def test_the_text_is_all_text_items_together(content: Any, text: str) -> None:
    assert read(content).text == text


def test_text_without_repeats_is_preferred_for_reading_and_both_are_kept() -> None:
    content = [{"text": "a a a", "processed_text": "a"}]
    assert read(content, processed=True).text == "a"
    assert read(content).text == "a a a"
    assert read(content, processed=True).raw["output"]["choices"][0]["message"]["content"] == content


@pytest.mark.parametrize(
    ("finish_reason", "content", "stop_reason"),
    [
        ("stop", "a", "stop"),
        ("stop", "", "stop"),
        ("length", "a", "length"),
        ("content_filter", "", "content_filter"),
        ("tool_calls", "a", "error"),
        (None, "a", "stop"),
        ("null", "a", "stop"),
        ("", "a", "stop"),
        (None, " \n", "error"),
        ("null", [], "error"),
    ],
)
def test_why_a_whole_answer_ended(finish_reason: Any, content: Any, stop_reason: str) -> None:
    assert read(content, finish_reason).stop_reason == stop_reason


def test_the_partial_header_outweighs_the_reason_given() -> None:
    assert read("a", "stop", headers={"x-dashscope-partialresponse": "true"}).stop_reason == "partial"
    assert read("a", "stop", headers={"x-dashscope-partialresponse": "false"}).stop_reason == "stop"


def test_of_the_headers_only_what_says_something_of_the_answer_is_kept() -> None:
    raw = read("a", headers={"x-request-id": "1", "set-cookie": "secret"}).raw
    assert raw["headers"] == {"x-request-id": "1"}


@pytest.mark.parametrize("output", [None, {}, {"choices": None}, {"choices": []}, {"text": None}, 3, "x"])
def test_no_choice_is_no_answer(output: Any) -> None:
    assert response_of(Reply(output, {}, None), {}, (), processed=False) is None


def test_the_place_of_the_text_before_there_were_choices() -> None:
    response = response_of(Reply({"text": "a", "finish_reason": "stop"}, {}, None), {}, (), processed=False)
    assert response is not None
    assert (response.text, response.stop_reason) == ("a", "stop")


def test_usage_that_was_not_told_is_kept_as_not_told() -> None:
    reply = Reply({"text": "a"}, {"input_tokens": 0, "output_tokens": 0, "characters": 0}, None)
    response = response_of(reply, {}, (), processed=False)
    assert response is not None
    assert response.raw["usage"] is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**6) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["choices", "message", "content", "text", "finish_reason", "input_tokens", "x"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values, json_values)
def test_no_answer_confuses(output: Any, usage: Any) -> None:
    response = response_of(Reply(output, usage, None), {}, (), processed=True)
    if response is not None:
        json.dumps(response.raw, allow_nan=False)
        assert response.usage.total_tokens >= 0


@given(st.lists(st.tuples(st.text(max_size=4), st.sampled_from(["list", "string", "empty"])), max_size=6))
def test_a_stream_put_together_says_what_its_pieces_said(said: list[tuple[str, str]]) -> None:
    pieces = Pieces()
    for text, form in said:
        content = {"list": [{"text": text}], "string": text, "empty": []}[form]
        pieces.add({"choices": [{"finish_reason": "null", "message": {"content": content}}]}, {}, "r")
    pieces.add({"choices": [{"finish_reason": "stop", "message": {"content": []}}]}, {"input_tokens": 3}, "r")
    response = response_of(pieces.together(), {}, (), processed=False)
    assert response is not None
    assert response.text == "".join(text for text, form in said if form != "empty")
    assert (response.stop_reason, response.usage, response.request_id) == ("stop", Usage(3), "r")


def test_the_last_usage_that_was_told_counts() -> None:
    pieces = Pieces()
    pieces.add({}, {"input_tokens": 5, "output_tokens": 1}, "r")
    pieces.add({}, {"input_tokens": 5, "output_tokens": 9}, "r")
    pieces.add({}, {"input_tokens": 0, "output_tokens": 0}, None)
    assert (pieces.together().usage, pieces.request_id) == ({"input_tokens": 5, "output_tokens": 9}, "r")


def test_what_stands_beside_the_text_of_a_stream_is_kept() -> None:
    pieces = Pieces()
    pieces.add({"choices": [{"message": {"content": [{"text": "a", "ocr_result": {"words_info": []}}]}}]}, {}, "r")
    content = pieces.together().output["choices"][0]["message"]["content"]
    assert content == [{"text": "a", "ocr_result": {"words_info": []}}]
