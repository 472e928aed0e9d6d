"""The backend over real sockets, against the emulated service and servers that misbehave."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

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
from tasks.catalogue import load_models
from tests.backends.asking import Bench, http, page_of, request_of, saying

if TYPE_CHECKING:
    from tasks.ports import Backend
    from tests.emulator import Emulator

SECRET = "sk-very-secret-0123456789"  # noqa: S105 - a made one, to be looked for where it must not be
OWN = replace(load_models()["qwen3-vl-plus"], name="Qwen/Qwen3-VL-8B-Instruct", thinking="none")
"""A model on a server of one's own."""
ANSWER = b'{"id": "1", "choices": [{"message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}]}'


def frames(*chunks: Any, done: bool = True) -> bytes:
    said = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks] + ["data: [DONE]\n\n"] * done
    return http("".join(said).encode(), content_type="text/event-stream; charset=utf-8")


def piece(content: str | None = None, finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"id": "1", "choices": [{"index": 0, "delta": {"content": content, **delta}, "finish_reason": finish}]}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_page_is_read_with_all_that_is_known_of_the_call(
    emulator: Emulator, backend: Backend, stream: bool
) -> None:
    emulator.responder = lambda _: "合同 No. 1"
    response = await backend.ask(request_of(stream=stream), [page_of()])
    (seen,) = emulator.calls
    assert seen.stream == stream
    assert (response.text, response.stop_reason, response.status) == ("合同 No. 1", "stop", 200)
    assert (response.model, response.request_id) == ("qwen3-vl-plus", seen.request_id)
    assert response.usage.input_tokens == seen.usage["input_tokens"]
    assert response.usage.image_tokens == seen.images[0].tokens
    assert response.usage.output_tokens == seen.usage["output_tokens"]
    assert response.raw["usage"]["prompt_tokens"] == seen.usage["input_tokens"]
    assert response.raw["choices"][0]["message"]["content"] == response.text
    json.dumps(response.raw, allow_nan=False)


async def test_a_large_page_goes_out_whole(emulator: Emulator, backend: Backend) -> None:
    page = page_of(1, 1_600, 1_200)
    large = replace(page, image=replace(page.image, data=page.image.data + b"\0" * 2_000_000))
    await backend.ask(request_of(), [large])
    assert emulator.calls[0].images[0].size_bytes == len(large.image.data)


async def test_calls_at_the_same_time_keep_their_sends_apart(emulator: Emulator, backend: Backend) -> None:
    answers = await asyncio.gather(*(backend.ask(request_of(), [page_of(number)]) for number in range(8)))
    assert [len(answer.sends) for answer in answers] == [1] * 8
    assert len(emulator.calls) == 8


# Each row: the fault, what becomes of it, what the message says. Nothing is ever sent twice.
FAILURES: list[tuple[str, type[Exception], str]] = [
    ("429", ThrottledCall, "limit_requests"),
    ("429-tokens", ThrottledCall, "insufficient_quota"),
    ("429-burst", ThrottledCall, "limit_burst_rate"),
    ("429-plain", ThrottledCall, "throttling triggered"),
    ("429-billing", AccountFault, "PostpaidBillOverdue"),
    ("500", TransientCallError, "internal_error"),
    ("500-timeout", CallTimeout, "RequestTimeOut"),
    ("503", TransientCallError, "ModelServingError"),
    ("400-blocked", BlockedContent, "inappropriate"),
    ("400-download", TransientCallError, "download"),
    ("400-parameter", RefusedRequest, "top_p"),
    ("401", CredentialFault, "invalid_api_key"),
    ("403", ModelUnavailable, "Model.AccessDenied"),
    ("403-free-tier", AccountFault, "free tier"),
    ("404", ModelUnavailable, "model_not_found"),
    ("413", RequestTooLarge, "HTTP 413"),
    ("502-html", TransientCallError, "502 Bad Gateway"),
    ("502-not-utf8", TransientCallError, "HTTP 502"),
    ("500-openai", TransientCallError, "internal server error"),
    ("500-broken-json", TransientCallError, "HTTP 500"),
    ("200-error", ThrottledCall, "Throttling.RateQuota"),
    ("200-html", TransientCallError, "cannot be read"),
    ("200-empty", TransientCallError, "cannot be read"),
    ("200-truncated", TransientCallError, "cannot be read"),
    ("short-body", TransientCallError, "connection was lost"),
    ("chunked-cut", TransientCallError, "connection was lost"),
    ("reset", TransientCallError, "connection was lost"),
    ("reset-after", TransientCallError, "connection was lost"),
    ("close", TransientCallError, "connection was lost"),
]


@pytest.mark.parametrize(("fault", "error", "said"), FAILURES, ids=[row[0] for row in FAILURES])
async def test_every_failure_has_its_error_and_its_send(
    emulator: Emulator, backend: Backend, fault: str, error: type[CallError | RunError], said: str
) -> None:
    emulator.plan.always(fault)
    with pytest.raises((PipelineError, RunError)) as caught:
        await backend.ask(request_of(), [page_of()])
    assert type(caught.value) is error
    assert said in str(caught.value)
    assert isinstance(caught.value, CallError | RunError)
    assert len(caught.value.sends) == len(emulator.calls) == 1
    assert caught.value.sends[0].ended_at is not None
    assert caught.value.status == caught.value.sends[0].status
    assert caught.value.__context__ is None  # a foreign exception can hold the key among its headers


@pytest.mark.parametrize("key", [None, SECRET])
async def test_pages_are_not_sent_on_to_where_a_server_points(bench: Bench, key: str | None) -> None:
    moved = http(b"moved", status=307, headers="Location: https://elsewhere.example/v1/\r\n")
    async with saying(moved) as server:
        with pytest.raises(UsageFault, match=r"elsewhere\.example") as caught:
            await bench(server.address, key=key).ask(request_of(), [page_of()])
    assert [send.status for send in caught.value.sends] == [307]


# What servers other than DashScope say, and what it means.
OTHERS: list[tuple[int, str, type[Exception]]] = [
    (401, '{"error": "Unauthorized"}', CredentialFault),
    (401, '{"error": {"message": "Incorrect API key", "code": "invalid_api_key"}}', CredentialFault),
    (403, '{"error": {"message": "no", "type": "PermissionDenied"}}', AccountFault),
    (402, "pay", AccountFault),
    (429, '{"error": {"message": "check your plan", "code": "insufficient_quota"}}', AccountFault),
    (429, '{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}', ThrottledCall),
    (429, "", ThrottledCall),
    (404, '{"error": {"message": "The model `x` does not exist.", "code": 404}}', ModelUnavailable),
    (404, '{"object": "error", "message": "The model `x` does not exist.", "code": 404}', ModelUnavailable),
    (404, '{"detail": "Not Found"}', UsageFault),
    (404, "404 page not found", UsageFault),
    (405, '{"detail": "Method Not Allowed"}', UsageFault),
    (
        400,
        '{"error": {"message": "This model\'s maximum context length is 4096 tokens.", "code": 400}}',
        RequestTooLarge,
    ),
    (400, '{"error": {"message": "The prompt is too long to fit into the model", "code": 400}}', RequestTooLarge),
    (400, '{"error": {"message": "m", "code": "context_length_exceeded"}}', RequestTooLarge),
    (413, "<html>", RequestTooLarge),
    (400, '{"error": {"message": "At most 1 image(s) may be provided", "code": 400}}', RefusedRequest),
    (400, '{"error": {"message": "m", "code": "content_filter"}}', BlockedContent),
    (422, '{"detail": [{"msg": "field required"}]}', RefusedRequest),
    (500, '{"error": {"message": "EngineCore encountered an issue", "code": 500}}', TransientCallError),
    (503, "", TransientCallError),
    (504, "<html>", CallTimeout),
    (200, '{"error": {"message": "m", "type": "BadRequestError", "code": 400}}', RefusedRequest),
    (200, "null", TransientCallError),
    (200, "[1]", TransientCallError),
    (200, '{"choices": []}', TransientCallError),
    (200, '{"choices": [null]}', TransientCallError),
    (200, '{"choices": [{"message": 3}]}', TransientCallError),
    (200, '{"choices": 3, "usage": 3}', TransientCallError),
]


@pytest.mark.parametrize(("status", "body", "error"), OTHERS)
async def test_whatever_another_server_says_there_is_one_of_our_errors(
    bench: Bench, status: int, body: str, error: type[Exception]
) -> None:
    async with saying(http(body.encode(), status=status)) as server:
        with pytest.raises(error) as caught:
            await bench(server.address, spec=OWN).ask(request_of(model=OWN.name), [page_of()])
    assert type(caught.value) is error
    assert not isinstance(caught.value, RunError) or caught.value.advice


async def test_a_model_that_is_not_served_is_named(bench: Bench) -> None:
    said = http(b'{"error": {"message": "The model `x` does not exist.", "code": 404}}', status=404)
    async with saying(said) as server:
        with pytest.raises(ModelUnavailable) as caught:
            await bench(server.address, spec=OWN).ask(request_of(model=OWN.name), [page_of()])
    assert OWN.name in caught.value.advice


@pytest.mark.parametrize(("key", "sent"), [(None, False), (SECRET, True)])
async def test_a_key_is_sent_where_there_is_one(bench: Bench, key: str | None, sent: bool) -> None:
    async with saying(http(ANSWER)) as server:
        response = await bench(server.address, key=key).ask(request_of(), [page_of()])
    assert (response.text, response.usage.total_tokens, response.raw["usage"]) == ("a", 0, None)
    assert (f"authorization: bearer {SECRET}".encode() in server.heads[0].lower()) == sent


async def test_an_entry_in_netrc_neither_breaks_the_call_nor_replaces_the_key(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password other")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    async with saying(http(ANSWER)) as server:
        await bench(server.address, key=SECRET).ask(request_of(), [page_of()])
    assert server.heads[0].count(b"uthorization:") == 1
    assert f"Bearer {SECRET}".encode() in server.heads[0]


async def test_a_server_of_ones_own_is_not_told_what_only_dashscope_knows(bench: Bench) -> None:
    async with saying(http(ANSWER)) as server:
        await bench(server.address, spec=OWN).ask(request_of(model=OWN.name, top_k=1), [page_of()])
    body = json.loads(server.bodies[0])
    assert body.keys() == {"model", "messages", "top_k"}
    assert body["messages"][0]["content"][1].keys() == {"type", "image_url"}
    assert server.heads[0].startswith(b"POST /v1/chat/completions ")


async def test_a_stream_that_closes_in_the_middle_of_an_event_is_partial(bench: Bench) -> None:
    cut = frames(piece("one "), piece("two"), done=False)[:-20]
    async with saying(cut) as server:
        response = await bench(server.address).ask(request_of(stream=True), [page_of()])
    assert (response.text, response.stop_reason) == ("one ", "partial")


async def test_an_answer_that_was_whole_outlives_its_connection(bench: Bench) -> None:
    said = frames(piece("paid"), piece(finish="stop"), done=False)
    cut = said.replace(b"Connection: close", b"Content-Length: 100000")
    async with saying(cut) as server:
        response = await bench(server.address).ask(request_of(stream=True), [page_of()])
    assert (response.text, response.stop_reason, response.raw["usage"]) == ("paid", "stop", None)


async def test_an_error_behind_the_end_of_an_answer_does_not_undo_it(bench: Bench) -> None:
    async with saying(frames(piece("a", "stop"), {"error": {"message": "late", "code": 500}})) as server:
        response = await bench(server.address).ask(request_of(stream=True), [page_of()])
    assert (response.text, response.stop_reason) == ("a", "stop")


async def test_a_server_that_cannot_stream_is_understood(bench: Bench) -> None:
    async with saying(http(ANSWER)) as server:
        response = await bench(server.address).ask(request_of(stream=True), [page_of()])
    assert (response.text, response.stop_reason) == ("a", "stop")


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b'data: {"choices": []}\n\ndata: [DONE]\n\n',
        b"data: {not json\n\n",
        b'data: {"error": {"message": "no code"}}\n\n',
        b"data: 3\n\n",
        b"data: \xff\xfe\n\n",
    ],
)
async def test_a_stream_without_sense_is_asked_again(bench: Bench, said: bytes) -> None:
    async with saying(http(said, content_type="text/event-stream")) as server:
        with pytest.raises(TransientCallError):
            await bench(server.address).ask(request_of(stream=True), [page_of()])


async def test_an_error_in_a_stream_of_another_server_is_known_by_the_status_that_it_names(bench: Bench) -> None:
    said = frames(piece("a"), {"error": {"message": "m", "type": "BadRequestError", "code": 400}})
    async with saying(said) as server:
        with pytest.raises(RefusedRequest):
            await bench(server.address, spec=OWN).ask(request_of(model=OWN.name, stream=True), [page_of()])


async def test_a_text_that_is_a_path_is_only_text(emulator: Emulator, backend: Backend, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret")
    text = str(tmp_path / "secret.txt")
    await backend.ask(request_of(Turn("user", text, images=True)), [page_of()])
    assert emulator.calls[0].prompt == text
