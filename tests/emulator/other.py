"""What else stands at the service's address: the endpoint for text, and paths that this emulator does not serve.

All of it is in the log, so that a test can say that nobody went there.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

from tests.emulator import native, payloads, refusal
from tests.emulator.models import TEXT_MODELS
from tests.emulator.refusal import Refusal
from tests.emulator.wire import Exchange

if TYPE_CHECKING:
    from tests.emulator.log import Call
    from tests.emulator.service import Service

TEXT = "/api/v1/services/aigc/text-generation/generation"


def add_routes(app: web.Application, service: Service) -> None:
    """Serve the rest."""

    async def rest(request: web.Request) -> web.StreamResponse:
        call = service.calls.open(request.path, {}, service.new_request_id())
        exchange = Exchange(request, payloads.headers(call.request_id), service.stopping)
        exchange.headers["eagleeye-traceid"] = call.request_id.replace("-", "")
        call.key = request.headers.get("authorization", "").removeprefix("Bearer ").strip() or None
        call.stream = request.headers.get("x-dashscope-sse", "").lower() == "enable"
        refused = await _refusal(request, service, call)
        call.outcome, call.status, call.code = "refused", refused.status, refused.code
        service.calls.close(call)
        if call.stream and not refused.by_gateway:
            exchange.headers |= {"x-dashscope-call-gateway": "true"}
            return await exchange.events([native.error_event(1, refused, call.request_id)])
        if not refused.by_gateway:
            exchange.compressed = True
            exchange.headers |= {"x-dashscope-call-gateway": "true"}
        return exchange.json(refused.status, native.refusal(refused, call.request_id))

    app.router.add_post(TEXT, rest)
    app.router.add_route("*", "/{path:.*}", rest)


async def _refusal(request: web.Request, service: Service, call: Call) -> Refusal:
    try:
        service.account_of(call.key)
        if request.path != TEXT:
            return Refusal(404, "NotFound", f"No such path: {request.path}", by_gateway=True)
        call.model = str(json.loads(await request.read()).get("model"))
    except Refusal as refused:
        return refused
    if call.model not in TEXT_MODELS:
        return refusal.wrong_endpoint()
    return refusal.bad_parameter("Role must be user or assistant and Content length must be greater than 0")
