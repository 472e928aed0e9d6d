"""The OpenAI-compatible side of the emulated service."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.emulator.pictures import data_uri, picture

if TYPE_CHECKING:
    from tests.emulator import Emulator

IMAGE = picture(640, 480)


def post(
    emulator: Emulator, *, model: str = "qwen3-vl-plus", key: str | None = None, **settings: Any
) -> requests.Response:
    content = [{"type": "image_url", "image_url": {"url": data_uri(IMAGE)}}, {"type": "text", "text": "Read this."}]
    body = {"model": model, "messages": [{"role": "user", "content": content}]} | settings
    headers = {"authorization": f"Bearer {key or emulator.key}"}
    return requests.post(f"{emulator.compatible_url}/chat/completions", json=body, headers=headers, timeout=60)


@pytest.fixture
def planted(emulator: Emulator) -> Emulator:
    emulator.answers[hashlib.sha256(IMAGE).hexdigest()] = "合同 contract"
    return emulator


def test_a_picture_is_read_and_billed(planted: Emulator) -> None:
    answer = post(planted).json()
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": "合同 contract"}
    assert answer["choices"][0]["finish_reason"] == "stop"
    usage, (call,) = answer["usage"], planted.calls
    assert usage["prompt_tokens"] == call.usage["input_tokens"]
    assert usage["prompt_tokens_details"]["image_tokens"] == call.images[0].tokens
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_a_stream_ends_with_usage_and_done(planted: Emulator) -> None:
    text = post(planted, stream=True, stream_options={"include_usage": True}).text
    *frames, done = [line.removeprefix("data: ") for line in text.splitlines() if line]
    assert done == "[DONE]"
    *chunks, last = [json.loads(frame) for frame in frames]
    assert "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks) == "合同 contract"
    assert chunks[-1]["choices"][0]["finish_reason"] == "stop"
    assert last["choices"] == []
    assert last["usage"]["completion_tokens"] == planted.calls[0].usage["output_tokens"]


def test_refusals_have_their_own_form(emulator: Emulator) -> None:
    unknown = post(emulator, key="sk-other")
    assert (unknown.status_code, unknown.json()["error"]["code"]) == (401, "invalid_api_key")
    missing = post(emulator, model="no-such-model")
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "model_not_found")
    emulator.plan.next("429")
    throttled = post(emulator)
    assert (throttled.status_code, throttled.json()["error"]["code"]) == (429, "limit_requests")
    refused = post(emulator, max_tokens=-1)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_parameter_error")


def test_a_stream_can_break_off(emulator: Emulator) -> None:
    emulator.plan.next("sse-no-finish")
    text = post(emulator, stream=True).text
    assert "[DONE]" not in text
    assert '"finish_reason":"stop"' not in text
