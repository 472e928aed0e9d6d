"""The same controls over HTTP, for tests that start the emulator as a process. JSON in, JSON out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.emulator.payloads import dumps
from tests.emulator.service import Latency

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulator.service import Service

    Change = Callable[[Service, dict[str, Any]], object]


def _faults(service: Service, order: dict[str, Any]) -> None:
    """{"next": name, "times": 2, …}, {"always": name, …}, {"rate": {name: share}, "seed": 1} or {"clear": true}."""
    given = dict(order)
    if given.pop("clear", False):
        service.plan.clear()
    if "next" in given:
        service.plan.next(given.pop("next"), **given)
    elif "always" in given:
        service.plan.always(given.pop("always"), **given)
    elif "rate" in given:
        service.plan.rate(given.pop("rate"), **given)


def _keys(service: Service, order: dict[str, Any]) -> None:
    """{"add": key, "account": name} or {"revoke": key or null for all}."""
    if "add" in order:
        service.add_key(order["add"], order.get("account", "account"))
    if "revoke" in order:
        service.revoke_key(order["revoke"])


def _models(service: Service, order: dict[str, Any]) -> None:
    """{"retire": name} or {"restore": name}."""
    if "retire" in order:
        service.retire_model(order["retire"])
    if "restore" in order:
        service.restore_model(order["restore"])


def _latency(service: Service, order: dict[str, Any]) -> None:
    """{"base": seconds, "per_token": seconds, "jitter": share, "time_limit": seconds}."""
    given = dict(order)
    if "time_limit" in given:
        service.time_limit = given.pop("time_limit")
    if given:
        service.latency = Latency(**given)


CHANGES: dict[str, Change] = {
    "limits": lambda service, order: service.set_limits(**order),
    "faults": _faults,
    "keys": _keys,
    "arrears": lambda service, order: service.set_arrears(**order),
    "models": _models,
    "latency": _latency,
    "answers": lambda service, order: service.answers.update(order),
}


def add_routes(app: web.Application, service: Service) -> None:
    """Serve `/control/…`."""

    async def totals(_: web.Request) -> web.Response:
        return web.json_response(service.totals().as_json(), dumps=dumps)

    async def calls(request: web.Request) -> web.Response:
        since = int(request.query.get("since", "0"))
        return web.json_response([call.as_json() for call in service.calls.since(since)], dumps=dumps)

    async def change(request: web.Request) -> web.Response:
        make = CHANGES.get(request.match_info["what"])
        if make is None:
            return web.json_response({"error": f"one of {sorted(CHANGES)}"}, status=404)
        try:
            make(service, await request.json())
        except (KeyError, TypeError, ValueError) as fault:
            return web.json_response({"error": repr(fault)}, status=400)
        return web.json_response({"ok": True})

    app.router.add_get("/control/totals", totals)
    app.router.add_get("/control/calls", calls)
    app.router.add_post("/control/{what}", change)
