"""The emulated service, asked by the vendor's own SDK."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dashscope
import pytest
import requests
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.emulator import Latency
from tests.emulator.pictures import blank, data_uri, picture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.emulator import Emulator

MODEL = "qwen3-vl-plus"


def ask(emulator: Emulator, *images: bytes, model: str = MODEL, text: str = "\nRead this.", **settings: Any) -> Any:
    content = [{"image": data_uri(image)} for image in images or (picture(),)]
    messages = [{"role": "user", "content": [*content, {"text": text}]}]
    given = {"api_key": emulator.key, "base_address": emulator.base_url, "request_timeout": 5} | settings
    return dashscope.MultiModalConversation.call(model=model, messages=messages, **given)


def words(response: Any) -> str:
    return "".join(item.get("text", "") for item in response.output.choices[0].message.content)


def test_a_picture_is_read_and_billed(emulator: Emulator) -> None:
    image = picture(640, 480)
    response = ask(emulator, image)

    assert response.status_code == 200
    assert words(response)
    (call,) = emulator.calls
    assert (call.images[0].width, call.images[0].height) == (640, 480)
    assert call.images[0].sha256 == hashlib.sha256(image).hexdigest()
    assert call.usage["input_tokens"] == response.usage["input_tokens"]
    assert emulator.totals().per_model[MODEL].billed == 1


def test_the_same_picture_has_the_same_answer_and_another_another(emulator: Emulator) -> None:
    texts = [words(ask(emulator, picture(seed=seed))) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_a_blank_picture_has_no_text(emulator: Emulator) -> None:
    assert words(ask(emulator, blank())) == ""


def test_a_planted_answer_is_given(emulator: Emulator) -> None:
    emulator.answers[hashlib.sha256(picture(seed=3)).hexdigest()] = "planted"
    assert words(ask(emulator, picture(seed=3))) == "planted"


def test_a_reader_sees_the_pixels(emulator: Emulator) -> None:
    emulator.reader = lambda image, question: f"{image.size} {question.prompt}"
    assert words(ask(emulator, picture(80, 60))) == "(80, 60) \nRead this."


@pytest.fixture
async def aio(emulator: Emulator) -> AsyncIterator[Emulator]:
    yield emulator
    await dashscope.close_shared_aio_session()


async def test_the_asynchronous_class_is_served_too(aio: Emulator) -> None:
    messages = [{"role": "user", "content": [{"image": data_uri(picture())}]}]
    response = await dashscope.AioMultiModalConversation.call(
        model=MODEL, messages=messages, api_key=aio.key, base_address=aio.base_url
    )
    assert response.status_code == 200
    assert words(response)


def test_a_stream_gives_the_same_words(emulator: Emulator) -> None:
    chunks = list(ask(emulator, stream=True, incremental_output=True))
    assert "".join(map(words, chunks)) == words(ask(emulator))
    assert chunks[-1].output.choices[0].finish_reason == "stop"
    assert chunks[0].output.choices[0].finish_reason == "null"


def test_a_cumulative_stream_repeats_itself(emulator: Emulator) -> None:
    body = {"model": MODEL, "input": {"messages": [{"role": "user", "content": [{"image": data_uri(picture())}]}]}}
    headers = {"authorization": f"Bearer {emulator.key}", "x-dashscope-sse": "enable"}
    path = "/services/aigc/multimodal-generation/generation"
    text = requests.post(emulator.base_url + path, json=body, headers=headers, timeout=60).text
    frames = [json.loads(line[5:]) for line in text.splitlines() if line.startswith("data:")]
    said = [frame["output"]["choices"][0]["message"]["content"][0]["text"] for frame in frames]
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(said))


def test_several_pictures_are_read_in_order(emulator: Emulator) -> None:
    images = [picture(seed=seed) for seed in range(3)]
    for number, image in enumerate(images):
        emulator.answers[hashlib.sha256(image).hexdigest()] = f"page {number}"
    response = ask(emulator, *images)
    assert words(response) == "page 0\n\npage 1\n\npage 2"
    assert response.usage["image_tokens"] == 3 * emulator.calls[0].images[0].tokens


def test_an_answer_ends_at_max_tokens(emulator: Emulator) -> None:
    response = ask(emulator, max_tokens=5)
    assert response.output.choices[0].finish_reason == "length"
    assert response.usage["output_tokens"] == 5
    assert words(ask(emulator)).startswith(words(response))


def test_a_thinking_model_thinks_unless_told_not_to(emulator: Emulator) -> None:
    thinking = ask(emulator, model="qwen3.6-plus")
    assert thinking.output.choices[0].message.reasoning_content
    assert thinking.usage["output_tokens_details"]["reasoning_tokens"] > 0
    silent = ask(emulator, model="qwen3.6-plus", enable_thinking=False)
    assert silent.usage["output_tokens"] < thinking.usage["output_tokens"]
    assert "reasoning_tokens" not in silent.usage["output_tokens_details"]


def test_more_pixels_cost_more_tokens(emulator: Emulator) -> None:
    page = {"image": data_uri(picture(2_480, 3_508))}
    usages = []
    for item, settings in (
        (page, {}),
        (page | {"max_pixels": 16_777_216}, {}),
        (page, {"vl_high_resolution_images": True}),
    ):
        response = dashscope.MultiModalConversation.call(
            model=MODEL,
            messages=[{"role": "user", "content": [item]}],
            api_key=emulator.key,
            base_address=emulator.base_url,
            **settings,
        )
        usages.append(response.usage["image_tokens"])
    assert usages == [2_522, 8_582, 8_582]


def test_a_key_information_task_fills_the_schema(emulator: Emulator) -> None:
    image = picture(seed=9)
    emulator.answers[hashlib.sha256(image).hexdigest()] = "编号: A-17\n金额: 12.50"
    schema = {"编号": "the number", "nested": {"日期": "the date"}}
    options = {"task": "key_information_extraction", "task_config": {"result_schema": schema}}
    response = ask(emulator, image, model="qwen-vl-ocr-latest", ocr_options=options)
    (item,) = response.output.choices[0].message.content
    assert item["ocr_result"]["kv_result"] == {"编号": "A-17", "nested": {"日期": "null"}}
    assert json.loads(item["text"].removeprefix("```json").removesuffix("```")) == item["ocr_result"]["kv_result"]


@pytest.mark.parametrize(
    ("task", "start"),
    [
        ("text_recognition", "planted"),
        ("table_parsing", "```html\n<table>"),
        ("document_parsing", "```latex"),
        ("formula_recognition", "$$planted"),
        ("multi_lan", "planted"),
        ("advanced_recognition", "```json"),
    ],
)
def test_other_tasks_answer_in_their_form(emulator: Emulator, task: str, start: str) -> None:
    image = picture(seed=4)
    emulator.answers[hashlib.sha256(image).hexdigest()] = "planted words"
    assert words(ask(emulator, image, model="qwen-vl-ocr-latest", ocr_options={"task": task})).startswith(start)


async def test_a_picture_on_this_machine_is_downloaded(aio: Emulator) -> None:
    app = web.Application()
    app.router.add_get("/page.png", _page)
    async with TestServer(app) as server:
        messages = [{"role": "user", "content": [{"image": str(server.make_url("/page.png"))}]}]
        response = await dashscope.AioMultiModalConversation.call(
            model=MODEL, messages=messages, api_key=aio.key, base_address=aio.base_url
        )
        gone = [{"role": "user", "content": [{"image": str(server.make_url("/none.png"))}]}]
        missing = await dashscope.AioMultiModalConversation.call(
            model=MODEL, messages=gone, api_key=aio.key, base_address=aio.base_url
        )
    assert response.status_code == 200
    assert missing.code == "InvalidParameter.DataInspection"


async def _page(_: web.Request) -> web.Response:
    return web.Response(body=picture(), content_type="image/png")


def test_a_quota_is_kept_for_an_account_and_model(emulator: Emulator) -> None:
    emulator.set_limits(rps=2, retry_after=True)
    emulator.add_key("sk-sister")
    emulator.add_key("sk-stranger", "elsewhere")
    keys = (emulator.key, "sk-sister", emulator.key, "sk-stranger")
    assert [ask(emulator, api_key=key).status_code for key in keys] == [200, 200, 429, 200]
    refused = emulator.calls[2]
    assert (refused.outcome, refused.code, refused.billed) == ("throttled", "Throttling.RateQuota", False)
    assert emulator.totals().throttled == 1


def test_tokens_run_out_before_requests(emulator: Emulator) -> None:
    emulator.set_limits(tpm=60)
    assert [ask(emulator).code for _ in range(2)] == ["", "Throttling.AllocationQuota"]


async def test_many_at_once_are_all_answered_once(aio: Emulator) -> None:
    aio.latency = Latency(0.01, jitter=0.5)
    uris = [data_uri(picture(seed=seed)) for seed in range(60)]
    responses = await asyncio.gather(
        *(
            dashscope.AioMultiModalConversation.call(
                model=MODEL,
                messages=[{"role": "user", "content": [{"image": uri}]}],
                api_key=aio.key,
                base_address=aio.base_url,
            )
            for uri in uris
        )
    )
    assert {response.status_code for response in responses} == {200}
    totals = aio.totals()
    assert (totals.requests, totals.billed, totals.open_calls) == (60, 60, 0)
    assert totals.most_open > 1
    assert len({call.digest for call in aio.calls}) == 60


def test_a_local_file_would_be_uploaded_and_is_seen(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "page.png").write_bytes(picture())
    monkeypatch.setattr(dashscope, "base_http_api_url", emulator.base_url)
    messages = [{"role": "user", "content": [{"image": f"file://{tmp_path}/page.png"}]}]
    with pytest.raises(dashscope.common.error.UploadFileException):
        dashscope.MultiModalConversation.call(model=MODEL, messages=messages, api_key=emulator.key)
    assert [call.path for call in emulator.calls] == ["/api/v1/uploads"]
