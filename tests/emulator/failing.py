"""How each fault is performed. What it is called and whether it is billed stands in `faults.CATALOGUE`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.emulator import bodies, payloads

if TYPE_CHECKING:
    from aiohttp import web

    from tests.emulator.answers import Reply
    from tests.emulator.log import Call
    from tests.emulator.question import Question
    from tests.emulator.wire import Exchange


async def fail(exchange: Exchange, asked: Question, reply: Reply, call: Call) -> web.StreamResponse:
    """Perform the fault that *call* has met, in place of *reply*."""
    name = call.fault or ""
    if name in bodies.STATUS_FAULTS:
        return _send(exchange, call, bodies.status_fault(name, call.request_id, exchange.settings))
    whole = payloads.body(asked, reply, call.request_id)
    if name in bodies.BODY_FAULTS:
        return _send(exchange, call, bodies.body_fault(name, whole, call.request_id))
    if name.startswith("sse-"):
        frames = list(payloads.stream(asked, reply, call.request_id))
        return await _fail_stream(exchange, name, frames, call)
    if asked.stream:
        return await _break(exchange, name, b"".join(payloads.stream(asked, reply, call.request_id)))
    return await _break(exchange, name, payloads.dumps(whole).encode())


def _send(exchange: Exchange, call: Call, faulty: bodies.Faulty) -> web.Response:
    call.status, call.code = faulty.status, faulty.code
    exchange.headers |= faulty.headers
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


async def _fail_stream(exchange: Exchange, name: str, frames: list[bytes], call: Call) -> web.StreamResponse:
    call.status = 200
    if name == "sse-cut":
        return await exchange.stream_cut(frames)
    if name == "sse-stall":
        return await exchange.stream_stall(frames)
    if name == "sse-no-finish":
        return await exchange.events(frames[:-1])
    status, code, message = bodies.REFUSALS[exchange.settings.get("as_", "429")]
    call.code = code
    error = payloads.event(
        len(frames), {"code": code, "message": message, "request_id": call.request_id}, status=status
    )
    return await exchange.events([*frames[: len(frames) // 2], error])
