"""The OpenAI-compatible protocol of the same service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator import tokens
from tests.emulator.payloads import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.emulator.question import Question
    from tests.emulator.refusal import Refusal
    from tests.emulator.reply import Reply

PATH = "/compatible-mode/v1/chat/completions"
NOT_PARAMETERS = frozenset({"model", "messages", "ocr_options"})
CREATED = 1_795_000_000
CODES = {
    "InvalidApiKey": "invalid_api_key",
    "ModelNotFound": "model_not_found",
    "InvalidParameter": "invalid_parameter_error",
    "DataInspectionFailed": "data_inspection_failed",
    "Throttling.RateQuota": "limit_requests",
    "Throttling.AllocationQuota": "insufficient_quota",
    "Throttling.BurstRate": "limit_burst_rate",
    "InternalError": "internal_error",
}
TYPES = {401: "invalid_request_error", 404: "invalid_request_error", 400: "invalid_request_error"}


def wants_stream(headers: Mapping[str, str], body: Mapping[str, Any]) -> bool:
    return body.get("stream") is True


def unwrapped(body: dict[str, Any]) -> dict[str, Any]:
    """Give the request in the service's own form; streams of this protocol are always increments."""
    messages = body.get("messages")
    own = [_own_message(message) for message in messages] if isinstance(messages, list) else messages
    settings = {name: value for name, value in body.items() if name not in NOT_PARAMETERS}
    return {"model": body.get("model"), "input": {"messages": own}, "parameters": settings}


def _own_message(message: Any) -> Any:
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        return message
    return {**message, "content": [_own_item(item) for item in message["content"]]}


def _own_item(item: Any) -> Any:
    kind = item.get("type") if isinstance(item, dict) else None
    if kind == "image_url" and isinstance(item.get("image_url"), dict):
        beside = {name: value for name, value in item.items() if name not in {"type", "image_url"}}
        return {"image": item["image_url"].get("url"), **beside}
    if kind == "video":
        return {name: value for name, value in item.items() if name != "type"}
    return {"text": item.get("text")} if kind == "text" else item


def answer(question: Question, reply: Reply, request_id: str) -> dict[str, Any]:
    """Give the whole answer as one JSON object."""
    thought = {"reasoning_content": reply.reasoning} if reply.reasoning else {}
    message = {"role": "assistant", "content": "" if reply.form == "empty" else reply.text, **thought}
    choice = {"message": message, "finish_reason": reply.finish, "index": 0, "logprobs": None}
    return _envelope(question, request_id, "chat.completion") | {"choices": [choice], "usage": _usage(question, reply)}


def stream(question: Question, reply: Reply, request_id: str) -> Iterator[bytes]:
    """Give the answer as the frames of a stream; usage comes last, and only where it is asked for."""
    envelope = _envelope(question, request_id, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
        choice = {"delta": delta, "finish_reason": finish, "index": 0, "logprobs": None}
        return _event(envelope | {"choices": [choice], "usage": None})

    yield chunk({"role": "assistant", "content": ""})
    for piece, _ in tokens.pieces(reply.reasoning, (4,)):
        yield chunk({"content": None, "reasoning_content": piece})
    for piece, _ in tokens.pieces(reply.text, (4,)):
        yield chunk({"content": piece})
    yield chunk({"content": ""}, reply.finish)
    if (question.parameters.get("stream_options") or {}).get("include_usage"):
        yield _event(envelope | {"choices": [], "usage": _usage(question, reply)})
    yield b"data: [DONE]\n\n"


def refusal(refused: Refusal, request_id: str) -> dict[str, Any]:
    """Give the body of a refusal."""
    code = CODES.get(refused.code, refused.code)
    kind = TYPES.get(refused.status, code)
    return {"error": {"message": refused.message, "type": kind, "param": None, "code": code}, "request_id": request_id}


def error_event(number: int, refused: Refusal, request_id: str) -> bytes:
    """Give a refusal as a frame of a stream."""
    return _event(refusal(refused, request_id))


def _envelope(question: Question, request_id: str, kind: str) -> dict[str, Any]:
    name = question.model.name
    return {
        "id": f"chatcmpl-{request_id}",
        "object": kind,
        "created": CREATED,
        "model": name,
        "system_fingerprint": None,
    }


def _usage(question: Question, reply: Reply) -> dict[str, Any]:
    media = {"image_tokens": question.image_tokens, "video_tokens": question.video_tokens}
    shown = {name: count for name, count in media.items() if count}
    spoken: dict[str, int] = {"text_tokens": reply.output_tokens - reply.reasoning_tokens}
    if question.thinks:
        spoken = {"reasoning_tokens": reply.reasoning_tokens, **spoken}
    return {
        "prompt_tokens": question.input_tokens,
        "completion_tokens": reply.output_tokens,
        "total_tokens": question.input_tokens + reply.output_tokens,
        "prompt_tokens_details": {**shown, "text_tokens": question.text_tokens, "cached_tokens": 0},
        "completion_tokens_details": spoken,
    }


def _event(payload: object) -> bytes:
    return f"data: {dumps(payload)}\n\n".encode()
