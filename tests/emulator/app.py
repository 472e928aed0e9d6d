"""The emulated service as a web application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from tests.emulator import control, other
from tests.emulator.native import Visit

if TYPE_CHECKING:
    from tests.emulator.service import Service

MAX_BODY = 64 * 1024 * 1024
GENERATION = "/api/v1/services/aigc/multimodal-generation/generation"


def application(service: Service) -> web.Application:
    """Wire the service to its paths."""

    async def generate(request: web.Request) -> web.StreamResponse:
        return await Visit(service, request).run()

    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_post(GENERATION, generate)
    control.add_routes(app, service)
    other.add_routes(app, service)
    return app
