"""The backend over real sockets, through the real SDK, against the emulated service and servers that misbehave."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from schemas.errors import (
    AccountFault,
    BlockedContent,
    CallError,
    CallTimeout,
    CredentialFault,
    ModelUnavailable,
    PipelineError,
    RefusedRequest,
    RequestTooLarge,
    RunError,
    ThrottledCall,
    TransientCallError,
    UsageFault,
)
from schemas.requests import Turn
from schemas.wire import NOT_SENT
from tasks.backends import BackendSettings, create, names
from tasks.catalogue import load_models
from tests.backends.asking import Bench, NoWorkers, http, page_of, request_of, saying

if TYPE_CHECKING:
    from tasks.ports import Backend
    from tests.emulator import Emulator

SECRET = "sk-very-secret-0123456789"  # noqa: S105 - a made one, to be looked for where it must not be


def test_the_backend_is_found_by_its_name() -> None:
    assert "dashscope" in names()


async def test_a_page_is_read_with_all_that_is_known_of_the_call(emulator: Emulator, backend: Backend) -> None:
    emulator.responder = lambda _: "合同 No. 1"
    response = await backend.ask(request_of(), [page_of()])
    (seen,) = emulator.calls
    assert (response.text, response.stop_reason, response.status) == ("合同 No. 1", "stop", 200)
    assert response.request_id == seen.request_id
    assert response.usage.input_tokens == seen.usage["input_tokens"]
    assert response.usage.image_tokens == seen.images[0].tokens
    assert response.usage.output_tokens == seen.usage["output_tokens"]
    assert response.raw["usage"] == seen.usage | {"characters": 0}
    assert response.raw["output"]["choices"][0]["message"]["content"][0]["text"] == response.text
    json.dumps(response.raw, allow_nan=False)


async def test_the_service_sees_the_pixels_that_were_sent(emulator: Emulator, backend: Backend) -> None:
    await backend.ask(request_of(page_nos=(1, 2)), [page_of(1, 96, 64), page_of(2, 64, 128)])
    (seen,) = emulator.calls
    assert [(image.width, image.height) for image in seen.images] == [(96, 64), (64, 128)]


async def test_a_send_has_its_times_and_its_status(backend: Backend) -> None:
    (send,) = (await backend.ask(request_of(), [page_of()])).sends
    assert send.first_byte_at is not None
    assert send.ended_at is not None
    assert send.started_at <= send.first_byte_at <= send.ended_at
    assert send.status == 200


async def test_calls_at_the_same_time_keep_their_sends_apart(emulator: Emulator, backend: Backend) -> None:
    emulator.plan.next("reset", times=1)
    answers = await asyncio.gather(*(backend.ask(request_of(), [page_of(number)]) for number in range(8)))
    assert sorted(len(answer.sends) for answer in answers) == [1] * 7 + [2]
    assert len(emulator.calls) == 9


async def test_one_connection_serves_calls_one_after_another(emulator: Emulator, backend: Backend) -> None:
    for number in range(3):
        await backend.ask(request_of(), [page_of(number)])
    connector = backend._session.connector  # type: ignore[attr-defined]
    assert sum(map(len, connector._conns.values())) == 1


# Each row: the fault, what becomes of it, how many requests reach the service, what the message says.
FAILURES: list[tuple[str, type[Exception], int, str]] = [
    ("429", ThrottledCall, 1, "Throttling.RateQuota"),
    ("429-tokens", ThrottledCall, 1, "Throttling.AllocationQuota"),
    ("429-burst", ThrottledCall, 1, "BurstRate"),
    ("429-plain", ThrottledCall, 1, "throttling triggered"),
    ("429-billing", AccountFault, 1, "PostpaidBillOverdue"),
    ("500", TransientCallError, 1, "InternalError"),
    ("500-timeout", CallTimeout, 1, "RequestTimeOut"),
    ("503", TransientCallError, 1, "ModelServingError"),
    ("400-blocked", BlockedContent, 1, "inappropriate"),
    ("400-download", TransientCallError, 1, "download"),
    ("400-parameter", RefusedRequest, 1, "top_p"),
    ("401", CredentialFault, 1, "InvalidApiKey"),
    ("403", ModelUnavailable, 1, "Model.AccessDenied"),
    ("403-free-tier", AccountFault, 1, "free tier"),
    ("404", ModelUnavailable, 1, "ModelNotFound"),
    ("413", RequestTooLarge, 1, "HTTP 413"),
    ("502-html", TransientCallError, 1, "502 Bad Gateway"),
    ("502-not-utf8", TransientCallError, 1, "HTTP 502"),
    ("500-openai", TransientCallError, 1, "internal server error"),
    ("500-broken-json", TransientCallError, 1, "HTTP 500"),
    ("200-error", ThrottledCall, 1, "Throttling.RateQuota"),
    ("200-output-null", TransientCallError, 1, "cannot be read"),
    ("200-output-empty", TransientCallError, 1, "without an answer"),
    ("200-html", TransientCallError, 1, "cannot be read"),
    ("200-empty", TransientCallError, 1, "cannot be read"),
    ("200-truncated", TransientCallError, 1, "cannot be read"),
    ("short-body", TransientCallError, 1, "connection was lost"),
    ("chunked-cut", TransientCallError, 1, "connection was lost"),
    ("reset", TransientCallError, 2, "connection was lost"),
    ("reset-after", TransientCallError, 2, "connection was lost"),
    ("close", TransientCallError, 2, "connection was lost"),
]


@pytest.mark.parametrize(("fault", "error", "sends", "said"), FAILURES, ids=[row[0] for row in FAILURES])
async def test_every_failure_has_its_error_and_its_sends(
    emulator: Emulator, backend: Backend, fault: str, error: type[CallError | RunError], sends: int, said: str
) -> None:
    emulator.plan.always(fault)
    with pytest.raises((PipelineError, RunError)) as caught:
        await backend.ask(request_of(), [page_of()])
    assert type(caught.value) is error
    assert said in str(caught.value)
    assert isinstance(caught.value, CallError | RunError)
    assert len(caught.value.sends) == len(emulator.calls) == sends
    assert all(send.ended_at is not None for send in caught.value.sends)
    assert caught.value.status == caught.value.sends[-1].status
    assert caught.value.__context__ is None  # a foreign exception can hold the key among its headers


@pytest.mark.parametrize("fault", ["429", "429-billing", "401", "404", "400-blocked", "400-parameter", "500"])
async def test_an_error_in_a_stream_means_the_same_though_its_status_is_lost(
    emulator: Emulator, backend: Backend, fault: str
) -> None:
    expected = next(row[1] for row in FAILURES if row[0] == fault)
    emulator.plan.next("sse-error", like=fault)
    with pytest.raises(expected) as caught:
        await backend.ask(request_of(stream=True), [page_of()])
    assert type(caught.value) is expected
    assert len(caught.value.sends) == 1


async def test_a_refusal_in_place_of_a_stream_is_one_error(emulator: Emulator, backend: Backend) -> None:
    emulator.plan.next("429", retry_after=2)
    with pytest.raises(ThrottledCall) as caught:
        await backend.ask(request_of(stream=True), [page_of()])
    assert caught.value.retry_after == 2.0


async def test_the_named_wait_is_passed_on(emulator: Emulator, backend: Backend) -> None:
    emulator.plan.next("429", retry_after=3)
    with pytest.raises(ThrottledCall) as caught:
        await backend.ask(request_of(), [page_of()])
    assert (caught.value.retry_after, caught.value.tokens, caught.value.code) == (3.0, False, "Throttling.RateQuota")


async def test_the_token_quota_is_told_from_the_request_quota(emulator: Emulator, backend: Backend) -> None:
    emulator.plan.next("429-tokens")
    with pytest.raises(ThrottledCall) as caught:
        await backend.ask(request_of(), [page_of()])
    assert caught.value.tokens


@pytest.mark.parametrize(("fault", "stream"), [("hang", False), ("drip", False), ("hang", True), ("sse-stall", True)])
async def test_the_deadline_holds_and_nothing_is_sent_twice(
    emulator: Emulator, bench: Bench, fault: str, stream: bool
) -> None:
    emulator.plan.always(fault, seconds=60)
    with pytest.raises(CallTimeout, match=r"0\.3 s") as caught:
        await bench(emulator.base_url, timeout=0.3).ask(request_of(stream=stream), [page_of()])
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


async def test_a_redirected_question_leaves_twice(bench: Bench) -> None:
    moved = http(b"", status=307, headers="Location: /elsewhere\r\nContent-Length: 0\r\n")
    answer = http(
        b'{"output": {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "a"}}]}}'
    )
    async with saying(moved, answer) as server:
        response = await bench(server.address).ask(request_of(), [page_of()])
    assert [send.status for send in response.sends] == [307, 200]
    assert all(send.ended_at is not None for send in response.sends)


async def test_a_call_that_could_not_leave_counts_no_send(bench: Bench) -> None:
    async with saying() as server:
        pass
    with pytest.raises(TransientCallError) as caught:
        await bench(server.address).ask(request_of(), [page_of()])
    assert (caught.value.sends, caught.value.code) == ((), NOT_SENT)


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b'{"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}', 401, CredentialFault),
        (b'{"error": {"message": "quota", "code": "insufficient_quota"}}', 429, ThrottledCall),
        (b'{"error": {"message": "bad", "type": "invalid_request_error", "code": null}}', 400, RefusedRequest),
        (b'{"code": "Arrearage", "message": "overdue"}', 200, AccountFault),
        (b'{"code": "Arrearage", "message": "overdue", "output": {}}', 200, AccountFault),
        (b"null", 200, TransientCallError),
        (b"[1]", 200, TransientCallError),
        (b"[1]", 500, TransientCallError),
        (b'{"output": "text"}', 200, TransientCallError),
        (b'{"output": {"choices": []}}', 200, TransientCallError),
        (b'{"output": {"choices": [null]}}', 200, TransientCallError),
        (b'{"output": {"choices": 3}}', 200, TransientCallError),
        (b'{"output": {"choices": [{"message": 3}]}}', 200, TransientCallError),
        (b'{"output": {}, "usage": 3}', 200, TransientCallError),
    ],
)
async def test_whatever_the_body_is_there_is_one_of_our_errors(
    bench: Bench, body: bytes, status: int, error: type[Exception]
) -> None:
    async with saying(http(body, status=status)) as server:
        with pytest.raises(error) as caught:
            await bench(server.address).ask(request_of(), [page_of()])
    assert type(caught.value) is error


async def test_an_unknown_alphabet_is_one_of_our_errors(bench: Bench) -> None:
    async with saying(http(b"{}", status=500, content_type="text/html; charset=nonsense")) as server:
        with pytest.raises(TransientCallError):
            await bench(server.address).ask(request_of(), [page_of()])


async def test_a_stream_gives_the_words_of_a_whole_answer(emulator: Emulator, backend: Backend) -> None:
    whole = await backend.ask(request_of(), [page_of()])
    streamed = await backend.ask(request_of(stream=True), [page_of()])
    assert (streamed.text, streamed.stop_reason, streamed.usage) == (whole.text, "stop", whole.usage)
    assert emulator.calls[-1].stream
    assert len(streamed.sends) == 1
    json.dumps(streamed.raw, allow_nan=False)


async def test_a_stream_that_never_says_why_it_ended_is_partial(emulator: Emulator, backend: Backend) -> None:
    emulator.plan.next("sse-no-finish")
    response = await backend.ask(request_of(stream=True), [page_of()])
    assert response.stop_reason == "partial"
    assert response.text


async def test_a_stream_that_is_cut_is_asked_again(emulator: Emulator, backend: Backend) -> None:
    emulator.plan.next("sse-cut")
    with pytest.raises(TransientCallError):
        await backend.ask(request_of(stream=True), [page_of()])


@pytest.mark.parametrize(
    "frames",
    [
        b"",
        b'data:{"output":{"choices":[]}}\n\n',
        b"data:{not json\n\n",
        b'event:error\ndata:{"message":"no code"}\n\n',
        b'data:{"output":null}\n\n',
        b"data:3\n\n",
    ],
)
async def test_a_stream_without_sense_is_asked_again(bench: Bench, frames: bytes) -> None:
    async with saying(http(frames, content_type="text/event-stream")) as server:
        with pytest.raises(TransientCallError):
            await bench(server.address).ask(request_of(stream=True), [page_of()])


async def test_reasoning_stands_apart_from_the_answer(emulator: Emulator, backend: Backend) -> None:
    emulator.responder = lambda _: "answer"
    response = await backend.ask(request_of(enable_thinking=True), [page_of()])
    assert response.text == "answer"
    assert response.reasoning
    assert response.usage.reasoning_tokens > 0
    assert emulator.calls[0].stream  # the service gives reasoning in streams only


async def test_a_model_that_only_streams_is_streamed(emulator: Emulator, bench: Bench) -> None:
    name = "qvq-max"
    emulator.restore_model(name)
    response = await bench(emulator.base_url, model=name).ask(request_of(model=name), [page_of()])
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


async def test_a_text_that_is_a_path_is_not_uploaded(
    emulator: Emulator, backend: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.chdir(tmp_path)
    for text in ("secret.txt", str(tmp_path / "secret.txt"), f"file://{tmp_path}/secret.txt", "oss://bucket/x", "~"):
        await backend.ask(request_of(Turn("user", text, images=True)), [page_of()])
        assert emulator.calls[-1].prompt.strip() == text
    assert {call.path for call in emulator.calls} == {"/api/v1/services/aigc/multimodal-generation/generation"}
    assert not any("x-dashscope-ossresourceresolve" in map(str.lower, call.headers) for call in emulator.calls)


async def test_an_ocr_model_is_given_its_task(emulator: Emulator, bench: Bench) -> None:
    name = "qwen-vl-ocr-2025-11-20"
    request = request_of(model=name, ocr_options={"task": "advanced_recognition"}, enable_rotate=True)
    response = await bench(emulator.base_url, model=name).ask(request, [page_of()])
    assert emulator.calls[0].parameters["ocr_options"] == {"task": "advanced_recognition"}
    assert "ocr_result" in response.raw["output"]["choices"][0]["message"]["content"][0]


async def test_a_parameter_nobody_knows_stops_the_run_before_it_is_sent(emulator: Emulator, backend: Backend) -> None:
    with pytest.raises(UsageFault) as caught:
        await backend.ask(request_of(temprature=0.1), [page_of()])
    assert "temperature" in caught.value.advice
    assert not emulator.calls


async def test_a_retired_model_names_its_successor(emulator: Emulator, bench: Bench) -> None:
    emulator.plan.next("404")
    with pytest.raises(ModelUnavailable) as caught:
        await bench(emulator.base_url, model="qwen3-vl-flash").ask(request_of(), [page_of()])
    assert "qwen3.6-flash" in caught.value.advice


@pytest.mark.parametrize("fault", ["401", "500-broken-json", "200-html", "reset", "502-not-utf8", "short-body"])
async def test_the_key_is_in_no_error_log_or_output(
    emulator: Emulator, bench: Bench, fault: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    emulator.add_key(SECRET)
    emulator.plan.always(fault)
    backend = bench(emulator.base_url, key=SECRET)
    with caplog.at_level(logging.DEBUG), pytest.raises((CallError, RunError)) as caught:
        await backend.ask(request_of(), [page_of()])
    shown = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + str(vars(caught.value))
    captured = capfd.readouterr()
    for text in (shown, repr(backend), str(vars(backend)), caplog.text, captured.out, captured.err):
        assert SECRET not in text
    assert "Traceback" not in captured.err


async def test_a_gateway_that_repeats_the_key_is_not_quoted(bench: Bench) -> None:
    body = json.dumps({"code": "InvalidApiKey", "message": f"Incorrect API key: {SECRET}"}).encode()
    async with saying(http(body, status=401)) as server:
        with pytest.raises(CredentialFault) as caught:
            await bench(server.address, key=SECRET).ask(request_of(), [page_of()])
    assert SECRET not in str(caught.value)


def settings(**changes: Any) -> BackendSettings:
    return BackendSettings(load_models()["qwen3-vl-plus"], NoWorkers(), **changes)


@pytest.mark.parametrize("key", [None, SecretStr(""), SecretStr("sk\nx"), SecretStr("schlüssel")])
def test_without_a_usable_key_there_is_no_backend(key: SecretStr | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashscope.common.api_key.DEFAULT_DASHSCOPE_API_KEY_FILE_PATH", "/nowhere")
    with pytest.raises(CredentialFault) as caught:
        create("dashscope", settings(api_key=key))
    assert "DASHSCOPE_API_KEY" in caught.value.advice
    assert "schlüssel" not in str(caught.value)


async def test_closing_a_backend_that_never_asked_is_nothing() -> None:
    await create("dashscope", settings(api_key=SecretStr(SECRET))).aclose()
