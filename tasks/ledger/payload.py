"""Kept answers as bytes: compressed JSON, readable with nothing but a JSON parser."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any, TypeVar

from schemas.documents import PageFacts
from schemas.requests import ModelResponse
from schemas.usage import Usage
from schemas.wire import WireSend
from tasks.ports import KeptAnswer

T = TypeVar("T")

_LEVEL = 1
"""zlib's default level saves 7 % of the bytes of a page of prose and takes a fifth more time."""


def pack(answer: KeptAnswer) -> bytes:
    """Give an answer as bytes.

    Lone surrogates pass: a service may cut a text in the middle of a character, and the answer is paid for.
    """
    plain = {"response": answer.response, "facts": answer.facts, "image_sizes": answer.image_sizes}
    text = json.dumps(plain, default=_plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return zlib.compress(text.encode("utf-8", "surrogatepass"), _LEVEL)


def unpack(request_key: str, payload: bytes) -> KeptAnswer:
    """Give the answer back."""
    plain = json.loads(zlib.decompress(payload).decode("utf-8", "surrogatepass"))
    return KeptAnswer(
        request_key=request_key,
        response=_response(plain["response"]),
        facts=_facts(plain["facts"]),
        image_sizes=tuple((width, height) for width, height in plain["image_sizes"]),
    )


def _plain(value: object) -> Any:
    if is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    message = f"{type(value).__name__} is no JSON value"
    raise TypeError(message)


def _response(plain: Mapping[str, Any]) -> ModelResponse:
    made = {
        "usage": _known(Usage, plain["usage"]),
        "sends": tuple(_send(send) for send in plain["sends"]),
        "facts": _facts(plain["facts"]),
    }
    return _known(ModelResponse, {**plain, **made})


def _facts(plain: Iterable[Mapping[str, Any]]) -> tuple[PageFacts, ...]:
    return tuple(_known(PageFacts, {**page, "notes": tuple(page["notes"])}) for page in plain)


def _send(plain: Mapping[str, Any]) -> WireSend:
    times = {name: _time(plain[name]) for name in ("started_at", "first_byte_at", "ended_at")}
    return _known(WireSend, {**plain, **times})


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _known(kind: type[T], plain: Mapping[str, Any]) -> T:
    """Make a *kind* of the fields that it has: an older program may have kept others."""
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type] # every kind here is a dataclass
    return kind(**{name: value for name, value in plain.items() if name in names})
