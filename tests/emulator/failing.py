"""How each fault is performed. What it is called and whether it is billed stands in `faults.CATALOGUE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator import bodies
from tests.emulator.payloads import dumps

if TYPE_CHECKING:
    from aiohttp import web

    from tests.emulator.dialects import Dialect
    from tests.emulator.log import Call
    from tests.emulator.question import Question
    from tests.emulator.reply import Reply
    from tests.emulator.wire import Exchange


async def fail(exchange: Exchange, dialect: Dialect, asked: Question, reply: Reply, call: Call) -> web.StreamResponse:
    """Perform the fault that *call* has met, in place of *reply*."""
    name = call.fault or ""
    if name in bodies.REFUSALS:
        refused = bodies.refusal(name, exchange.settings)
        data = dumps(dialect.refusal(refused, call.request_id)).encode()
        return _send(exchange, call, bodies.Faulty(refused.status, data, code=refused.code))
    if name in bodies.GATEWAY:
        return _send(exchange, call, bodies.GATEWAY[name])
    whole = dialect.answer(asked, reply, call.request_id)
    if name in bodies.BODY_FAULTS:
        return _send(exchange, call, bodies.body_fault(name, whole, call.request_id))
    frames = list(dialect.stream(asked, reply, call.request_id)) if asked.stream else []
    if name == "sse-error":
        refused = bodies.refusal(exchange.settings.get("like", "429"), exchange.settings)
        call.status, call.code = 200, refused.code
        half = frames[: len(frames) // 2]
        return await exchange.events([*half, dialect.error_event(len(half) + 1, refused, call.request_id)])
    if name.startswith("sse-"):
        call.status = 200
        return await _break_stream(exchange, name, frames)
    return await _break(exchange, name, b"".join(frames) or dumps(whole).encode())


def _send(exchange: Exchange, call: Call, faulty: bodies.Faulty) -> web.Response:
    call.status, call.code = faulty.status, faulty.code
    after = exchange.settings.get("retry_after")
    exchange.headers |= {} if after is None else {"retry-after": str(after)}
    return exchange.plain(faulty.status, faulty.data, faulty.content_type)


async def _break(exchange: Exchange, name: str, data: bytes) -> web.StreamResponse:
    if name == "close":
        return exchange.close()
    if name in {"reset", "reset-after"}:
        return exchange.reset()
    if name == "hang":
        return await exchange.hang()
    slow_or_cut = {"drip": exchange.drip, "short-body": exchange.short_body, "chunked-cut": exchange.chunked_cut}
    return await slow_or_cut[name](data)


async def _break_stream(exchange: Exchange, name: str, frames: list[bytes]) -> web.StreamResponse:
    if name == "sse-cut":
        return await exchange.stream_cut(frames)
    if name == "sse-stall":
        return await exchange.stream_stall(frames)
    return await exchange.events([frame for frame in frames if not _says_stop(frame)])


def _says_stop(frame: bytes) -> bool:
    return any(word in frame for word in (b'"finish_reason":"stop"', b'"finish_reason":"length"', b"[DONE]"))
