"""What holds for every way of asking over HTTP: over real sockets, against the emulated service."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import random
import traceback
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from schemas.documents import PageImage
from schemas.errors import (
    AccountFault,
    BlockedContent,
    CallError,
    CallTimeout,
    CredentialFault,
    ModelUnavailable,
    RefusedRequest,
    RunError,
    ThrottledCall,
    TransientCallError,
    UsageFault,
)
from schemas.wire import NOT_SENT
from tasks.backends import names
from tests.backends.asking import Bench, http, page_of, request_of, saying

if TYPE_CHECKING:
    from tasks.ports import Backend
    from tests.emulator import Emulator

SECRET = "sk-very-secret-0123456789"  # noqa: S105 - a made one, to be looked for where it must not be


@pytest.fixture(params=["dashscope", "openai"])
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    made = Bench(request.param)
    yield made
    await made.aclose()


@pytest.fixture
def address(emulator: Emulator, bench: Bench) -> str:
    return emulator.base_url if bench.backend == "dashscope" else emulator.compatible_url


@pytest.fixture
def backend(bench: Bench, address: str) -> Backend:
    return bench(address)


def test_a_backend_is_found_by_its_name(bench: Bench) -> None:
    assert bench.backend in names()


async def test_the_service_sees_the_pixels_that_were_sent(emulator: Emulator, backend: Backend) -> None:
    await backend.ask(request_of(page_nos=(1, 2)), [page_of(1, 96, 64), page_of(2, 64, 128)])
    (seen,) = emulator.calls
    assert [(image.width, image.height) for image in seen.images] == [(96, 64), (64, 128)]


async def test_a_picture_of_megabytes_is_sent_without_a_warning(emulator: Emulator, backend: Backend) -> None:
    noise = io.BytesIO()
    Image.frombytes("L", (1_400, 1_400), random.Random(1).randbytes(1_400**2)).save(noise, "PNG")
    page = replace(page_of(), image=PageImage(noise.getvalue(), "image/png", 1_400, 1_400))

    await backend.ask(request_of(), [page])

    (seen,) = emulator.calls
    assert [(image.width, image.height) for image in seen.images] == [(1_400, 1_400)]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_send_has_its_times_and_its_status(backend: Backend, stream: bool) -> None:
    (send,) = (await backend.ask(request_of(stream=stream), [page_of()])).sends
    assert send.first_byte_at is not None
    assert send.ended_at is not None
    assert send.started_at <= send.first_byte_at <= send.ended_at
    assert send.status == 200


@pytest.mark.parametrize("stream", [False, True])
async def test_one_connection_serves_calls_one_after_another(backend: Backend, stream: bool) -> None:
    for number in range(3):
        await backend.ask(request_of(stream=stream), [page_of(number)])
    connector = backend._session.connector  # type: ignore[attr-defined]
    assert sum(map(len, connector._conns.values())) == 1


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("429", ThrottledCall),
        ("429-billing", AccountFault),
        ("401", CredentialFault),
        ("404", ModelUnavailable),
        ("400-blocked", BlockedContent),
        ("400-parameter", RefusedRequest),
        ("500", TransientCallError),
    ],
)
async def test_an_error_in_a_stream_means_the_same_though_its_status_is_lost(
    emulator: Emulator, backend: Backend, fault: str, expected: type[CallError | RunError]
) -> None:
    emulator.plan.next("sse-error", like=fault)
    with pytest.raises(expected) as caught:
        await backend.ask(request_of(stream=True), [page_of()])
    assert type(caught.value) is expected
    assert len(caught.value.sends) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_the_named_wait_is_passed_on(emulator: Emulator, backend: Backend, stream: bool) -> None:
    emulator.plan.next("429", retry_after=3)
    with pytest.raises(ThrottledCall) as caught:
        await backend.ask(request_of(stream=stream), [page_of()])
    assert (caught.value.retry_after, caught.value.tokens) == (3.0, False)
    assert caught.value.request_id == emulator.calls[0].request_id


async def test_the_token_quota_is_told_from_the_request_quota(emulator: Emulator, backend: Backend) -> None:
    emulator.plan.next("429-tokens")
    with pytest.raises(ThrottledCall) as caught:
        await backend.ask(request_of(), [page_of()])
    assert caught.value.tokens


@pytest.mark.parametrize(("fault", "stream"), [("hang", False), ("drip", False), ("hang", True), ("sse-stall", True)])
async def test_the_deadline_holds_and_nothing_is_sent_twice(
    emulator: Emulator, bench: Bench, address: str, fault: str, stream: bool
) -> None:
    emulator.plan.always(fault, seconds=60)
    with pytest.raises(CallTimeout, match=r"0\.3 s") as caught:
        await bench(address, timeout=0.3).ask(request_of(stream=stream), [page_of()])
    assert len(caught.value.sends) == len(emulator.calls) == 1
    assert caught.value.sends[0].ended_at is not None


async def test_a_cancelled_call_is_cancelled(emulator: Emulator, backend: Backend) -> None:
    loop, arrived = asyncio.get_running_loop(), asyncio.Event()

    def arrives(_: object) -> bool:
        loop.call_soon_threadsafe(arrived.set)
        return True

    emulator.plan.next("hang", when=arrives)
    call = asyncio.ensure_future(backend.ask(request_of(), [page_of()]))
    await arrived.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_call_that_could_not_leave_counts_no_send(bench: Bench) -> None:
    async with saying() as server:
        pass
    with pytest.raises(TransientCallError) as caught:
        await bench(server.address).ask(request_of(), [page_of()])
    assert (caught.value.sends, caught.value.code) == ((), NOT_SENT)


async def test_a_stream_gives_the_words_of_a_whole_answer(emulator: Emulator, backend: Backend) -> None:
    whole = await backend.ask(request_of(), [page_of()])
    streamed = await backend.ask(request_of(stream=True), [page_of()])
    assert (streamed.text, streamed.stop_reason, streamed.usage) == (whole.text, "stop", whole.usage)


async def test_a_stream_that_never_says_why_it_ended_is_partial(emulator: Emulator, backend: Backend) -> None:
    emulator.plan.next("sse-no-finish")
    response = await backend.ask(request_of(stream=True), [page_of()])
    assert response.stop_reason == "partial"
    assert response.text


async def test_a_stream_that_is_cut_is_asked_again(emulator: Emulator, backend: Backend) -> None:
    emulator.plan.next("sse-cut")
    with pytest.raises(TransientCallError):
        await backend.ask(request_of(stream=True), [page_of()])


async def test_reasoning_stands_apart_from_the_answer(emulator: Emulator, backend: Backend) -> None:
    emulator.responder = lambda _: "answer"
    response = await backend.ask(request_of(enable_thinking=True, thinking_budget=100), [page_of()])
    assert response.text == "answer"
    assert response.reasoning
    assert response.usage.reasoning_tokens > 0
    (seen,) = emulator.calls
    assert seen.stream  # the service gives reasoning in streams only
    assert (seen.parameters["enable_thinking"], seen.parameters["thinking_budget"]) == (True, 100)


async def test_a_model_that_only_streams_is_streamed(emulator: Emulator, bench: Bench, address: str) -> None:
    name = "qvq-max"
    emulator.restore_model(name)
    response = await bench(address, model=name).ask(request_of(model=name), [page_of()])
    assert response.text
    assert response.reasoning
    assert "enable_thinking" not in emulator.calls[0].parameters


async def test_reasoning_is_switched_off_in_so_many_words(emulator: Emulator, backend: Backend) -> None:
    await backend.ask(request_of(temperature=0.01), [page_of()])
    assert emulator.calls[0].parameters == {"enable_thinking": False, "temperature": 0.01}


@pytest.mark.parametrize(
    ("behaviour", "stop_reason"),
    [
        ("partial", "partial"),
        ("length", "length"),
        ("finish-null", "stop"),
        ("finish-null-string", "stop"),
        ("content-string", "stop"),
        ("content-empty", "stop"),
    ],
)
async def test_every_form_of_answer_is_understood(
    emulator: Emulator, backend: Backend, behaviour: str, stop_reason: str
) -> None:
    emulator.plan.next(behaviour)
    response = await backend.ask(request_of(), [page_of()])
    assert response.stop_reason == stop_reason
    assert bool(response.text) == (behaviour != "content-empty")


async def test_a_parameter_nobody_knows_stops_the_run_before_it_is_sent(emulator: Emulator, backend: Backend) -> None:
    with pytest.raises(UsageFault) as caught:
        await backend.ask(request_of(temprature=0.1), [page_of()])
    assert "temperature" in caught.value.advice
    assert not emulator.calls


async def test_a_retired_model_names_its_successor(emulator: Emulator, bench: Bench, address: str) -> None:
    emulator.plan.next("404")
    with pytest.raises(ModelUnavailable) as caught:
        await bench(address, model="qwen3-vl-flash").ask(request_of(), [page_of()])
    assert "qwen3.6-flash" in caught.value.advice


@pytest.mark.parametrize("fault", ["401", "500-broken-json", "200-html", "reset", "502-not-utf8", "short-body"])
async def test_the_key_is_in_no_error_log_or_output(
    emulator: Emulator,
    bench: Bench,
    address: str,
    fault: str,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    emulator.add_key(SECRET)
    emulator.plan.always(fault)
    backend = bench(address, key=SECRET)
    with caplog.at_level(logging.DEBUG), pytest.raises((CallError, RunError)) as caught:
        await backend.ask(request_of(), [page_of()])
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(vars(caught.value))
    captured = capfd.readouterr()
    for text in (shown, repr(backend), str(vars(backend)), caplog.text, captured.out, captured.err):
        assert SECRET not in text
    assert "Traceback" not in captured.err


async def test_a_gateway_that_repeats_the_key_is_not_quoted(bench: Bench) -> None:
    body = json.dumps({"error": {"code": "invalid_api_key", "message": f"Incorrect API key: {SECRET}"}}).encode()
    async with saying(http(body, status=401)) as server:
        with pytest.raises(CredentialFault) as caught:
            await bench(server.address, key=SECRET).ask(request_of(), [page_of()])
    assert SECRET not in str(caught.value)
