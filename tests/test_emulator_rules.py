"""What the emulated service takes of films and of answers to go on with, and what it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.emulator.pictures import data_uri, picture
from tests.test_emulator_refusals import MODEL, OCR, PATH, post, refusal

if TYPE_CHECKING:
    from tests.emulator import Emulator

REFUSED = (400, "InvalidParameter")


def film(count: int, **beside: Any) -> dict[str, Any]:
    return {"video": [data_uri(picture(64, 48, seed=number)) for number in range(count)], **beside}


def go_on(emulator: Emulator, *last: dict[str, Any], model: str = MODEL, **parameters: Any) -> requests.Response:
    """Ask, the conversation ending with *last*."""
    messages = [{"role": "user", "content": [{"image": data_uri(picture())}, {"text": "Read."}]}, *last]
    body = {"model": model, "input": {"messages": messages}, "parameters": parameters}
    return requests.post(
        emulator.base_url + PATH, json=body, headers={"authorization": f"Bearer {emulator.key}"}, timeout=20
    )


def said(text: str, role: str = "assistant") -> dict[str, Any]:
    return {"role": role, "content": [{"text": text}], "partial": True}


@pytest.mark.parametrize("count", [4, 5, 80])
def test_a_film_is_billed_by_pairs_of_frames(emulator: Emulator, count: int) -> None:
    usage = post(emulator, film(count, fps=2), {"text": "What happens?"}).json()["usage"]
    assert usage["video_tokens"] == -(-count // 2) * 4 + 2  # 64 x 64 pixels a frame


@pytest.mark.parametrize("item", [film(3), film(4, fps=0.05), film(4, fps=11), film(4, fps="fast")])
def test_too_few_frames_and_rates_out_of_bounds_are_refused(emulator: Emulator, item: dict[str, Any]) -> None:
    assert refusal(post(emulator, item, {"text": "What happens?"})) == REFUSED


@pytest.mark.parametrize(("model", "count"), [("qvq-plus", 513), (OCR, 4)])
def test_more_frames_than_a_model_takes_are_refused(emulator: Emulator, model: str, count: int) -> None:
    assert not post(emulator, film(count), {"text": "What happens?"}, model=model).ok


def test_an_answer_goes_on_behind_its_prefix(emulator: Emulator) -> None:
    emulator.responder = lambda _: "one two three"
    answer = go_on(emulator, said("one two")).json()
    assert answer["output"]["choices"][0]["message"]["content"] == [{"text": " three"}]


@pytest.mark.parametrize(
    ("model", "last", "parameters"),
    [
        (OCR, said("one"), {}),
        ("qwen2.5-vl-72b-instruct", said("one"), {}),
        (MODEL, said("one", role="user"), {}),
        (MODEL, said("one"), {"enable_thinking": True}),
        ("qwen3.6-plus", said("one"), {}),
    ],
)
def test_going_on_is_refused_where_the_model_cannot(
    emulator: Emulator, model: str, last: dict[str, Any], parameters: dict[str, Any]
) -> None:
    assert not go_on(emulator, last, model=model, **parameters).ok


@pytest.mark.parametrize("stream", [False, True])
def test_a_model_that_only_streams_refuses_a_plain_call(emulator: Emulator, stream: bool) -> None:
    parameters = {"incremental_output": True}
    answer = post(emulator, film(4), {"text": "?"}, model="qvq-plus", stream=stream, parameters=parameters)
    assert answer.ok == stream
    assert stream or "only support stream mode" in answer.json()["message"]


def test_a_budget_cuts_what_is_thought(emulator: Emulator) -> None:
    emulator.thought = "Let me look at it once more. " * 50
    thought = post(emulator, film(4), {"text": "?"}, model="qwen3.6-plus", parameters={"thinking_budget": 12}).json()[
        "usage"
    ]["output_tokens_details"]["reasoning_tokens"]
    assert thought == 12


def test_a_loop_writes_until_nothing_more_fits(emulator: Emulator) -> None:
    emulator.responder = lambda _: "A heading and a paragraph of some words, and so on"
    emulator.plan.next("loop")
    answer = post(emulator, film(4), {"text": "?"}, parameters={"max_tokens": 500}).json()
    (choice,) = answer["output"]["choices"]
    assert (choice["finish_reason"], answer["usage"]["output_tokens"]) == ("length", 500)
    assert choice["message"]["content"][0]["text"].count("a paragraph") > 5
