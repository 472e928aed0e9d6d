"""The bodies, frames and headers of answers, field by field as the live service was recorded in both eras."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from tests.emulator import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulator.answers import Reply
    from tests.emulator.models import Era
    from tests.emulator.question import Question

VARY = "Origin,Access-Control-Request-Method,Access-Control-Request-Headers"
TIME_LIMIT = {"2024": 180, "2025": 298}
PIECES = {"2024": (1, 1, 1, 5, 8), "2025": (1,)}
"""Tokens in the frames of a stream, the last repeats."""


def dumps(payload: object) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def usage(question: Question, output_tokens: int, reasoning_tokens: int = 0) -> dict[str, Any]:
    """What a call is billed as, in the fields of the model's era."""
    media = {"image_tokens": question.image_tokens, "video_tokens": question.video_tokens}
    shown: dict[str, Any] = {kind: count for kind, count in media.items() if count}
    if question.model.era == "2024":
        return {"output_tokens": output_tokens, "input_tokens": question.input_tokens, **shown}
    spoken = {"text_tokens": output_tokens - reasoning_tokens}
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


def body(question: Question, reply: Reply, request_id: str) -> dict[str, Any]:
    """Give the whole answer as one JSON object."""
    choice = {"finish_reason": reply.finish, "message": _message(reply, reply.text)}
    counted = usage(question, reply.output_tokens, reply.reasoning_tokens)
    return {"output": {"choices": [choice]}, "usage": counted, "request_id": request_id}


def _message(reply: Reply, text: str) -> dict[str, Any]:
    item: dict[str, Any] = {"text": text}
    if reply.ocr_result is not None:
        item = {"ocr_result": reply.ocr_result, **item}
    content: object = {"list": [item], "string": text, "empty": []}[reply.form]
    thought = {"reasoning_content": reply.reasoning} if reply.reasoning else {}
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
        content = [{"text": said}] if whole else []
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
    thought = {"reasoning_content": reasoning} if reasoning else {}
    message = {"content": content, **thought, "role": "assistant"}
    return {
        "output": {"choices": [{"message": message, "finish_reason": finish}]},
        "usage": usage(question, *counts),
        "request_id": request_id,
    }


def event(number: int, payload: object, *, status: int = 200) -> bytes:
    """Write one frame of a stream."""
    kind = "result" if status == 200 else "error"
    return f"id:{number}\nevent:{kind}\n:HTTP_STATUS/{status}\ndata:{dumps(payload)}\n\n".encode()


def headers(request_id: str) -> dict[str, str]:
    """Give the headers that every answer of the service bears, whoever gives it."""
    return {
        "vary": VARY,
        "x-request-id": request_id,
        "server": "istio-envoy",
    }


def timing_headers(arrived: float) -> dict[str, str]:
    """Give the headers that say how long it took; *arrived* is `time.time()` of the request."""
    now = time.time()
    cost = int((now - arrived) * 1000)
    return {
        "req-cost-time": str(cost),
        "req-arrive-time": str(int(arrived * 1000)),
        "resp-start-time": str(int(now * 1000)),
        "x-envoy-upstream-service-time": str(max(0, cost - 8)),
        "date": formatdate(now, usegmt=True),
    }


PARTIAL = {"x-dashscope-partialresponse": "true"}


def model_headers(era: Era, request_id: str, *, finished: bool) -> dict[str, str]:
    """Give the headers of answers that reached a model."""
    fields = {
        "x-dashscope-call-gateway": "true",
        "x-dashscope-timeout": str(TIME_LIMIT[era]),
        "x-dashscope-finished": "true" if finished else "false",
    }
    if era == "2024":
        fields["eagleeye-traceid"] = request_id.replace("-", "")
        fields["set-cookie"] = f"acw_tc={request_id};path=/;HttpOnly;Max-Age=1800"
    return fields
