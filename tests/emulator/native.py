"""The service's own protocol, field by field as it was recorded in both eras."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.emulator import tokens
from tests.emulator.payloads import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.emulator.question import Question
    from tests.emulator.refusal import Refusal
    from tests.emulator.reply import Reply

PATH = "/api/v1/services/aigc/multimodal-generation/generation"
PIECES = {"2024": (1, 1, 1, 5, 8), "2025": (1,)}
"""Tokens in the frames of a stream, the last repeats."""


def wants_stream(headers: Mapping[str, str], body: Mapping[str, Any]) -> bool:
    return headers.get("x-dashscope-sse", "").lower() == "enable"


def unwrapped(body: dict[str, Any]) -> dict[str, Any]:
    """Give a request in this protocol's own form: as it is."""
    return body


def usage(question: Question, output_tokens: int, reasoning_tokens: int = 0) -> dict[str, Any]:
    """What a call is billed as, in the fields of the model's era."""
    media = {"image_tokens": question.image_tokens, "video_tokens": question.video_tokens}
    shown: dict[str, Any] = {kind: count for kind, count in media.items() if count}
    if question.model.era == "2024":
        return {"output_tokens": output_tokens, "input_tokens": question.input_tokens, **shown}
    spoken: dict[str, int] = {"text_tokens": output_tokens - reasoning_tokens}
    if question.thinks:
        spoken = {"reasoning_tokens": reasoning_tokens, **spoken}
    fields = {
        **shown,
        "input_tokens": question.input_tokens,
        "input_tokens_details": {**shown, "text_tokens": question.text_tokens},
        "output_tokens": output_tokens,
        "output_tokens_details": spoken,
        "total_tokens": question.input_tokens + output_tokens,
    }
    return fields if question.model.ocr else {**fields, "prompt_tokens_details": {"cached_tokens": 0}}


def answer(question: Question, reply: Reply, request_id: str) -> dict[str, Any]:
    """Give the whole answer as one JSON object."""
    choice = {"finish_reason": reply.finish, "message": _message(reply, reply.text)}
    counted = usage(question, reply.output_tokens, reply.reasoning_tokens)
    return {"output": {"choices": [choice]}, "usage": counted, "request_id": request_id}


def _message(reply: Reply, text: str) -> dict[str, Any]:
    item: dict[str, Any] = {"text": text}
    if reply.ocr_result is not None:
        item = {"ocr_result": reply.ocr_result, **item}
    content: object = {"list": [item], "string": text, "empty": []}[reply.form]
    thought: dict[str, Any] = {"reasoning_content": reply.reasoning} if reply.reasoning else {}
    return {"role": "assistant", "content": content, **thought}


def stream(question: Question, reply: Reply, request_id: str) -> Iterator[bytes]:
    """Give the answer as the frames of a stream."""
    for number, frame in enumerate(_frames(question, reply, request_id), 1):
        yield event(number, frame)


def _frames(question: Question, reply: Reply, request_id: str) -> Iterator[dict[str, Any]]:
    """Cut the answer into the payloads of a stream; the last one says why it ended."""
    whole = not (question.thinks or question.parameters.get("incremental_output"))
    thought = 0
    for piece, thought in tokens.pieces(reply.reasoning, (4,)):
        yield _frame(question, [], "null", (thought, thought), request_id, reasoning=piece)
    parts = list(tokens.pieces(reply.text, PIECES[question.model.era]))
    closing = question.model.era == "2025" or not parts
    said = ""
    for number, (piece, count) in enumerate(parts, 1):
        said = said + piece if whole else piece
        finish = "null" if closing or number < len(parts) else reply.finish
        yield _frame(question, [{"text": said}], finish, (thought + count, thought), request_id)
    if closing:
        content: list[dict[str, Any]] = [{"text": said}] if whole else []
        if reply.ocr_result is not None:
            content = [{"ocr_result": reply.ocr_result, "text": said if whole else ""}]
        yield _frame(question, content, reply.finish, (reply.output_tokens, reply.reasoning_tokens), request_id)


def _frame(
    question: Question,
    content: list[dict[str, Any]],
    finish: str | None,
    counts: tuple[int, int],
    request_id: str,
    *,
    reasoning: str = "",
) -> dict[str, Any]:
    thought: dict[str, Any] = {"reasoning_content": reasoning} if reasoning else {}
    message: dict[str, Any] = {"content": content, **thought, "role": "assistant"}
    return {
        "output": {"choices": [{"message": message, "finish_reason": finish}]},
        "usage": usage(question, *counts),
        "request_id": request_id,
    }


def refusal(refused: Refusal, request_id: str) -> dict[str, Any]:
    """Give the body of a refusal."""
    return {"code": refused.code, "message": refused.message, "request_id": request_id}


def error_event(number: int, refused: Refusal, request_id: str) -> bytes:
    """Give a refusal as a frame of a stream."""
    return event(number, refusal(refused, request_id), status=refused.status)


def event(number: int, payload: object, *, status: int = 200) -> bytes:
    """Write one frame of a stream."""
    kind = "result" if status == 200 else "error"
    return f"id:{number}\nevent:{kind}\n:HTTP_STATUS/{status}\ndata:{dumps(payload)}\n\n".encode()
