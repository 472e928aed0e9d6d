from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.requests import ModelResponse
from schemas.usage import Usage
from tasks.backends.openai.answer import Pieces, Reply, response_of


def read(
    message: Mapping[str, Any],
    finish_reason: Any = "stop",
    *,
    headers: Mapping[str, str] | None = None,
    thinks: bool = False,
) -> ModelResponse:
    body = {"id": "r", "model": "m", "choices": [{"finish_reason": finish_reason, "message": message}]}
    response = response_of(Reply(body), headers or {}, (), thinks=thinks)
    assert response is not None
    return response


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": "plain"}, "plain"),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "ab"),
        ({"content": None}, ""),
        ({"content": None, "refusal": "I will not."}, "I will not."),
        ({"content": 3}, ""),
        ({}, ""),
    ],
)
def test_the_text_is_what_is_said_in_whatever_form(message: Mapping[str, Any], text: str) -> None:
    assert read(message).text == text


@pytest.mark.parametrize(
    ("finish_reason", "content", "stop_reason"),
    [
        ("stop", "a", "stop"),
        ("length", "a", "length"),
        ("content_filter", "", "content_filter"),
        ("tool_calls", "a", "error"),
        (None, "a", "stop"),
        ("null", "a", "stop"),
        (None, " \n", "error"),
    ],
)
def test_why_a_whole_answer_ended(finish_reason: Any, content: str, stop_reason: str) -> None:
    assert read({"content": content}, finish_reason).stop_reason == stop_reason


def test_the_partial_header_outweighs_the_reason_given() -> None:
    assert read({"content": "a"}, headers={"x-dashscope-partialresponse": "true"}).stop_reason == "partial"


def test_who_answered_is_named_by_the_header_or_by_the_answer() -> None:
    assert (read({"content": "a"}).request_id, read({"content": "a"}).model) == ("r", "m")
    assert read({"content": "a"}, headers={"x-request-id": "h"}).request_id == "h"


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_stands_apart_under_either_of_its_names(name: str) -> None:
    response = read({"content": "a", name: "because"})
    assert (response.text, response.reasoning) == ("a", "because")


@pytest.mark.parametrize("content", ["<think>\nbecause\n</think>\n\na", "because\n</think>\n\na"])
def test_reasoning_that_a_server_left_in_the_text_is_taken_out(content: str) -> None:
    response = read({"content": content}, thinks=True)
    assert (response.text, response.reasoning) == ("a", "because")


def test_a_page_about_such_marks_is_left_as_it_is() -> None:
    assert read({"content": "Write <think></think>."}).text == "Write <think></think>."
    said = {"content": "Write </think>.", "reasoning": "because"}
    assert read(said, thinks=True).text == "Write </think>."


@pytest.mark.parametrize(
    "body", [{}, {"choices": None}, {"choices": []}, {"choices": [3]}, {"choices": [{"message": None}]}]
)
def test_no_message_is_no_answer(body: Mapping[str, Any]) -> None:
    assert response_of(Reply(body), {}, (), thinks=False) is None


def chunk(finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"id": "r", "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}], "usage": None}


@given(st.lists(st.tuples(st.sampled_from(["content", "reasoning_content"]), st.none() | st.text(max_size=4))))
def test_a_stream_put_together_says_what_its_pieces_said(said: list[tuple[str, str | None]]) -> None:
    pieces = Pieces()
    for name, words in said:
        pieces.add(chunk(**{name: words}))
    pieces.add(chunk("stop"))
    pieces.add({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
    response = response_of(pieces.together(), {}, (), thinks=False)
    assert response is not None
    assert response.text == "".join(words or "" for name, words in said if name == "content")
    assert response.reasoning == "".join(words or "" for name, words in said if name == "reasoning_content")
    assert (response.stop_reason, response.usage, response.request_id) == ("stop", Usage(3, 2), "r")


def test_the_last_usage_that_was_told_counts() -> None:
    pieces = Pieces()
    for usage in ({"prompt_tokens": 5, "completion_tokens": 1}, {"prompt_tokens": 5, "completion_tokens": 9}, None):
        pieces.add({"choices": [], "usage": usage})
    assert pieces.together().body["usage"] == {"prompt_tokens": 5, "completion_tokens": 9}


@pytest.mark.parametrize(("finish_reason", "stop_reason"), [(None, "partial"), ("length", "length")])
def test_a_stream_without_an_end_is_partial(finish_reason: str | None, stop_reason: str) -> None:
    pieces = Pieces()
    pieces.add(chunk(finish_reason, content="a"))
    response = response_of(pieces.together(), {}, (), thinks=False)
    assert response is not None
    assert response.stop_reason == stop_reason


NAMES = ["choices", "message", "delta", "content", "text", "finish_reason", "usage", "prompt_tokens", "x"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 10**6) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner),
    max_leaves=12,
)


@given(json_values)
def test_no_answer_confuses(value: Any) -> None:
    pieces = Pieces()
    pieces.add(value)
    for reply in (Reply(value if isinstance(value, dict) else {}), pieces.together()):
        response = response_of(reply, {}, (), thinks=True)
        if response is not None:
            json.dumps(response.raw, allow_nan=False)
            assert response.usage.total_tokens >= 0
