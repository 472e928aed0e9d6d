"""The emulated service as a web application."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from tests.emulator import compatible, control, native, other
from tests.emulator.visit import Visit

if TYPE_CHECKING:
    from tests.emulator.service import Service

MAX_BODY = 64 * 1024 * 1024


def application(service: Service) -> web.Application:
    """Wire the service to its paths."""

    async def in_native(request: web.Request) -> web.StreamResponse:
        return await Visit(service, request, native).run()

    async def in_compatible(request: web.Request) -> web.StreamResponse:
        return await Visit(service, request, compatible).run()

    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_post(native.PATH, in_native)
    app.router.add_post(compatible.PATH, in_compatible)
    control.add_routes(app, service)
    other.add_routes(app, service)
    return app
