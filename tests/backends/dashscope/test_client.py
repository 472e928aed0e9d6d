"""The backend over real sockets, through the real SDK, against the emulated service and servers that misbehave."""

from __future__ import annotations

import asyncio
import json
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
)
from schemas.requests import Turn
from tasks.backends import BackendSettings, create
from tasks.catalogue import load_models
from tests.backends.asking import Bench, NoWorkers, http, page_of, request_of, saying

if TYPE_CHECKING:
    from tasks.ports import Backend
    from tests.emulator import Emulator

SECRET = "sk-very-secret-0123456789"  # noqa: S105 - a made one, to be looked for where it must not be


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


async def test_calls_at_the_same_time_keep_their_sends_apart(emulator: Emulator, backend: Backend) -> None:
    emulator.plan.next("reset", times=1)
    answers = await asyncio.gather(*(backend.ask(request_of(), [page_of(number)]) for number in range(8)))
    assert sorted(len(answer.sends) for answer in answers) == [1] * 7 + [2]
    assert len(emulator.calls) == 9


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


async def test_a_redirected_question_leaves_twice(bench: Bench) -> None:
    moved = http(b"", status=307, headers="Location: /elsewhere\r\nContent-Length: 0\r\n")
    answer = http(
        b'{"output": {"choices": [{"finish_reason": "stop", "message": {"role": "assistant", "content": "a"}}]}}'
    )
    async with saying(moved, answer) as server:
        response = await bench(server.address).ask(request_of(), [page_of()])
    assert [send.status for send in response.sends] == [307, 200]
    assert all(send.ended_at is not None for send in response.sends)


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


def settings(**changes: Any) -> BackendSettings:
    return BackendSettings(load_models()["qwen3-vl-plus"], NoWorkers(), **changes)


@pytest.mark.parametrize("key", [None, SecretStr(""), SecretStr("sk\nx"), SecretStr("schlüssel")])
def test_without_a_usable_key_there_is_no_backend(key: SecretStr | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DASHSCOPE_API_KEY", raising=False)
    # The SDK keeps what it found when it was imported, which another test of this process may have brought about.
    monkeypatch.setattr("dashscope.api_key", None)
    monkeypatch.setattr("dashscope.api_key_file_path", None)
    monkeypatch.setattr("dashscope.common.api_key.DEFAULT_DASHSCOPE_API_KEY_FILE_PATH", "/nowhere")
    with pytest.raises(CredentialFault) as caught:
        create("dashscope", settings(api_key=key))
    assert "DASHSCOPE_API_KEY" in caught.value.advice
    assert "schlüssel" not in str(caught.value)


async def test_closing_a_backend_that_never_asked_is_nothing() -> None:
    await create("dashscope", settings(api_key=SecretStr(SECRET))).aclose()
