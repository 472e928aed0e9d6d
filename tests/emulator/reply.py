"""An answer before it takes its form on the wire, and the behaviours that make it a worse one."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal

from tests.emulator import tokens


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `finish` is what the wire says at the end: "stop", "length", None or the string "null".

    `limit` is how many tokens it may have.
    """

    text: str
    ocr_result: dict[str, Any] | None = None
    reasoning: str = ""
    finish: str | None = "stop"
    partial: bool = False
    form: Literal["list", "string", "empty"] = "list"
    output_tokens: int = 0
    reasoning_tokens: int = 0
    limit: int = 0


def measured(reply: Reply, limit: int) -> Reply:
    """Count the answer's tokens; beyond *limit* it is cut and says so."""
    length, reply = tokens.count(reply.text), replace(reply, limit=limit)
    if length <= limit:
        return replace(reply, output_tokens=length + reply.reasoning_tokens)
    return cut(reply, limit)


def cut(reply: Reply, limit: int, finish: str | None = "length") -> Reply:
    """Cut the answer after *limit* tokens; what was read of structure is lost with its end."""
    return replace(
        reply,
        text=tokens.cut(reply.text, limit),
        ocr_result=None,
        finish=finish,
        output_tokens=limit + reply.reasoning_tokens,
    )


def half(reply: Reply) -> int:
    return max(1, (reply.output_tokens - reply.reasoning_tokens) // 2)


def _partial(reply: Reply) -> Reply:
    """What the service gives when its own time is over: the beginning, and a header that says so."""
    return replace(cut(reply, half(reply), finish="null"), partial=True)


def _loop(reply: Reply) -> Reply:
    """What a model writes that has lost its way: the beginning, then its last words until nothing more fits."""
    whole = tokens.cut(reply.text, half(reply))
    words = " ".join(whole.split()[-5:]) + "\n"
    length = (reply.limit - half(reply)) // max(1, tokens.count(words))
    return replace(cut(reply, 0), text=whole + words * length, output_tokens=reply.limit + reply.reasoning_tokens)


def _other_json(reply: Reply) -> Reply:
    """JSON as asked for, and not of the schema: what was read stands in a field that nobody asked for."""
    values = {"answer": reply.text}
    return replace(
        reply, text=json.dumps(values, ensure_ascii=False), ocr_result=reply.ocr_result and {"kv_result": values}
    )


BEHAVIOURS: dict[str, Callable[[Reply], Reply]] = {
    "partial": _partial,
    "loop": _loop,
    "length": lambda reply: cut(reply, half(reply)),
    "finish-null": lambda reply: replace(reply, finish=None),
    "finish-null-string": lambda reply: replace(reply, finish="null"),
    "content-string": lambda reply: replace(reply, form="string"),
    "json-other": _other_json,
    "json-fenced": lambda reply: replace(reply, text=f"```json\n{reply.text.rstrip()[:-1]},\n}}\n```"),
    "content-empty": lambda reply: replace(reply, form="empty"),
}
"""Answers that arrive and are not what was asked for; all are billed. A new behaviour is one more entry here."""
