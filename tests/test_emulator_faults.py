"""Every fault reaches the vendor's SDK as it was measured there: as an object, an exception, or a second send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import aiohttp
import dashscope
import pytest
import requests

from tests.emulator.faults import CATALOGUE
from tests.emulator.pictures import data_uri, picture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.emulator import Emulator

MODEL = "qwen3-vl-plus"
SHORT = 1.0
LONG = 5


def arguments(emulator: Emulator, **settings: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": [{"image": data_uri(picture(seed=settings.pop("seed", 0)))}]}]
    return {
        "model": MODEL,
        "messages": messages,
        "api_key": emulator.key,
        "base_address": emulator.base_url,
        "request_timeout": LONG,
    } | settings


def ask(emulator: Emulator, **settings: Any) -> Any:
    return dashscope.MultiModalConversation.call(**arguments(emulator, **settings))


async def ask_async(emulator: Emulator, **settings: Any) -> Any:
    return await dashscope.AioMultiModalConversation.call(**arguments(emulator, **settings))


@pytest.fixture
async def aio(emulator: Emulator) -> AsyncIterator[Emulator]:
    yield emulator
    await dashscope.close_shared_aio_session()


RETURNED = {
    "429": (429, "Throttling.RateQuota"),
    "429-tokens": (429, "Throttling.AllocationQuota"),
    "429-burst": (429, "Throttling.BurstRate"),
    "429-plain": (429, "Throttling"),
    "429-billing": (429, "PostpaidBillOverdue"),
    "500": (500, "InternalError"),
    "500-timeout": (500, "RequestTimeOut"),
    "503": (503, "ModelServingError"),
    "400-blocked": (400, "DataInspectionFailed"),
    "400-download": (400, "InvalidParameter.DataInspection"),
    "400-parameter": (400, "InvalidParameter"),
    "401": (401, "InvalidApiKey"),
    "403": (403, "Model.AccessDenied"),
    "403-free-tier": (403, "AllocationQuota.FreeTierOnly"),
    "404": (404, "ModelNotFound"),
    "413": (413, "Unknown"),
    "502-html": (502, "Unknown"),
    "500-openai": (500, None),
}


@pytest.mark.parametrize("name", RETURNED)
async def test_a_refusal_comes_back_as_an_object_after_one_send(aio: Emulator, name: str) -> None:
    aio.plan.always(name)
    for response in (ask(aio), await ask_async(aio)):
        assert (response.status_code, response.code) == RETURNED[name]
    assert len(aio.calls) == 2
    assert aio.totals().billed == 0


async def test_a_retry_after_is_left_to_the_caller(aio: Emulator) -> None:
    aio.plan.always("429", retry_after=3)
    for response in (ask(aio), await ask_async(aio)):
        assert {name.lower(): value for name, value in response.headers.items()}["retry-after"] == "3"


RAISED: dict[str, tuple[type[Exception], type[Exception], int]] = {
    "502-not-utf8": (UnicodeDecodeError, UnicodeDecodeError, 1),
    "500-broken-json": (requests.JSONDecodeError, json.JSONDecodeError, 1),
    "200-error": (TypeError, TypeError, 1),
    "200-output-null": (TypeError, TypeError, 1),
    "200-html": (requests.JSONDecodeError, aiohttp.ContentTypeError, 1),
    "200-empty": (requests.JSONDecodeError, TypeError, 1),
    "200-truncated": (requests.JSONDecodeError, json.JSONDecodeError, 1),
    "short-body": (requests.exceptions.ChunkedEncodingError, aiohttp.ClientPayloadError, 1),
    "chunked-cut": (requests.exceptions.ChunkedEncodingError, aiohttp.ClientPayloadError, 1),
    "hang": (requests.ReadTimeout, TimeoutError, 1),
    "reset": (requests.ConnectionError, aiohttp.ClientOSError, 2),
    "reset-after": (requests.ConnectionError, aiohttp.ClientOSError, 2),
    "close": (requests.ConnectionError, aiohttp.ServerDisconnectedError, 2),
}


@pytest.mark.parametrize("name", RAISED)
def test_a_broken_answer_raises_in_the_plain_class(emulator: Emulator, name: str) -> None:
    emulator.plan.always(name)
    expected, _, sends = RAISED[name]
    with pytest.raises(expected):
        ask(emulator, request_timeout=SHORT if name == "hang" else LONG)
    assert len(emulator.calls) == sends
    assert [call.billed for call in emulator.calls] == [CATALOGUE[name].billed] * sends
    assert {call.fault for call in emulator.calls} == {name}


@pytest.mark.parametrize("name", RAISED)
async def test_a_broken_answer_raises_in_the_asynchronous_class(aio: Emulator, name: str) -> None:
    aio.plan.always(name)
    _, expected, sends = RAISED[name]
    with pytest.raises(expected):
        await ask_async(aio, request_timeout=SHORT if name == "hang" else LONG)
    assert len(aio.calls) == sends


async def test_an_output_without_choices_comes_back(aio: Emulator) -> None:
    aio.plan.always("200-output-empty")
    for response in (ask(aio), await ask_async(aio)):
        assert (response.status_code, response.output.choices) == (200, None)


async def test_a_slow_drip_passes_the_plain_timeout_and_not_the_asynchronous_one(aio: Emulator) -> None:
    aio.plan.always("drip", seconds=0.3, parts=5)
    assert ask(aio, request_timeout=SHORT).status_code == 200
    with pytest.raises(TimeoutError):
        await ask_async(aio, request_timeout=SHORT)


def stream(emulator: Emulator) -> tuple[list[Any], Exception | None]:
    chunks = []
    try:
        for chunk in ask(emulator, stream=True, incremental_output=True, request_timeout=SHORT):
            chunks.append(chunk)  # noqa: PERF402  what came before the fault counts
    except requests.RequestException as fault:
        return chunks, fault
    return chunks, None


async def stream_async(emulator: Emulator) -> tuple[list[Any], Exception | None]:
    chunks = []
    try:
        async for chunk in await ask_async(emulator, stream=True, incremental_output=True, request_timeout=SHORT):
            chunks.append(chunk)  # noqa: PERF401  what came before the fault counts
    except (aiohttp.ClientError, TimeoutError) as fault:
        return chunks, fault
    return chunks, None


async def test_a_throttled_stream_is_one_chunk_with_its_status(aio: Emulator) -> None:
    aio.plan.always("429")
    for chunks, fault in (stream(aio), await stream_async(aio)):
        assert [(chunk.status_code, chunk.code) for chunk in chunks] == [(429, "Throttling.RateQuota")]
        assert fault is None


async def test_an_error_event_loses_its_status_and_keeps_its_code(aio: Emulator) -> None:
    aio.plan.always("sse-error")
    for chunks, fault in (stream(aio), await stream_async(aio)):
        assert len(chunks) > 1
        assert (chunks[-1].status_code, chunks[-1].code) == (400, "Throttling.RateQuota")
        assert fault is None


@pytest.mark.parametrize(
    ("name", "plain", "asynchronous"),
    [
        ("sse-cut", requests.exceptions.ChunkedEncodingError, aiohttp.ClientPayloadError),
        ("sse-stall", requests.ConnectionError, aiohttp.SocketTimeoutError),
    ],
)
async def test_a_broken_stream_raises_after_its_beginning(
    aio: Emulator, name: str, plain: type[Exception], asynchronous: type[Exception]
) -> None:
    aio.plan.always(name)
    for (chunks, fault), expected in ((stream(aio), plain), (await stream_async(aio), asynchronous)):
        assert chunks
        assert isinstance(fault, expected)
    assert aio.totals().billed == len(aio.calls)


async def test_a_stream_can_end_without_saying_why(aio: Emulator) -> None:
    aio.plan.always("sse-no-finish")
    for chunks, fault in (stream(aio), await stream_async(aio)):
        assert chunks[-1].output.choices[0].finish_reason == "null"
        assert fault is None


def test_a_partial_answer_says_so_in_a_header(emulator: Emulator) -> None:
    whole = ask(emulator)
    emulator.plan.next("partial")
    response = ask(emulator)
    assert response.status_code == 200
    assert response.headers["x-dashscope-partialresponse"] == "true"
    assert (
        whole.output.choices[0]
        .message.content[0]["text"]
        .startswith(response.output.choices[0].message.content[0]["text"])
    )
    assert response.usage["output_tokens"] < whole.usage["output_tokens"]


@pytest.mark.parametrize(
    ("name", "finish"), [("length", "length"), ("finish-null", None), ("finish-null-string", "null")]
)
def test_an_answer_can_end_for_other_reasons(emulator: Emulator, name: str, finish: str | None) -> None:
    emulator.plan.next(name)
    assert ask(emulator).output.choices[0].finish_reason == finish


def test_content_can_be_a_string_or_an_empty_list(emulator: Emulator) -> None:
    emulator.plan.next("content-string")
    emulator.plan.next("content-empty")
    assert isinstance(ask(emulator).output.choices[0].message.content, str)
    assert ask(emulator).output.choices[0].message.content == []


def test_faults_by_rate_follow_from_seed_request_and_attempt(emulator: Emulator) -> None:
    emulator.plan.rate({"500": 0.5}, seed=7)
    first = [ask(emulator, seed=seed).status_code for seed in range(12)]
    again = [ask(emulator, seed=seed).status_code for seed in range(12)]
    assert set(first) == {200, 500}
    assert first != again


def test_faults_by_rate_can_spare_the_second_attempt(emulator: Emulator) -> None:
    emulator.plan.rate({"503": 1.0}, attempts=1)
    assert [ask(emulator).status_code for _ in range(2)] == [503, 200]


def test_a_predicate_chooses_the_request(emulator: Emulator) -> None:
    emulator.plan.always("400-blocked", when=lambda asked: asked.pictures[0].width == 64 and asked.stream)
    assert ask(emulator).status_code == 200
    (chunk,) = stream(emulator)[0]
    assert chunk.code == "DataInspectionFailed"


def test_an_unknown_fault_is_refused(emulator: Emulator) -> None:
    with pytest.raises(KeyError):
        emulator.plan.rate({"no such fault": 1.0})
    with pytest.raises(KeyError):
        emulator.plan.next("no such fault")


def test_a_hanging_answer_ends_with_the_emulator(emulator: Emulator) -> None:
    emulator.plan.always("hang")
    with pytest.raises(requests.ReadTimeout):
        ask(emulator, request_timeout=0.1)
    emulator.stop()
    assert emulator.calls[0].ended is not None
