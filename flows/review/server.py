"""The review page served on loopback, to one person: who does not know the address's key gets nothing.

Other users of the machine can reach a loopback port, and so can any page that the reviewer's browser has open (by a
form, by a fetch, by a name that is made to resolve to 127.0.0.1). So every address begins with a random key, the Host
has to be ours, and what changes something has to come from our own page.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Self

from aiohttp import web
from pydantic import ValidationError

from flows.review import shell
from flows.review.detail import detail, wanted_places
from flows.review.gathered import Gathered, mark_of
from flows.review.marks import Said, review_of
from flows.review.pictures import Pictures
from schemas.errors import DocumentError, OutputFault
from schemas.records import PageRecord, ReviewRecord
from tasks.reviews import MarkedPage, Sitting, latest_reviews, read_reviews

LOOPBACK = "127.0.0.1"
MOST_BYTES = 8_000_000
"""Bytes of a mark: a corrected page, and not a film."""
_QUERY = 200
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Desk:
    """What the server works with."""

    gathered: Gathered
    pictures: Pictures
    sitting: Sitting
    title: str
    dataset_id: str
    reviewer: str | None


class ReviewServer:
    """Serves the page while the context lasts; `address` is what the reviewer opens. *port* 0 takes a free one."""

    def __init__(self, desk: Desk, port: int = 0) -> None:
        self._desk = desk
        self._port = port
        self._key = secrets.token_urlsafe(24)
        self._runner: web.AppRunner | None = None
        self.address = ""

    async def __aenter__(self) -> Self:
        """Begin to serve.

        Raises:
            OSError: if the port is taken.
        """
        app = web.Application(middlewares=[self._guarded], client_max_size=MOST_BYTES)
        app.on_response_prepare.append(_closed)
        root = f"/{self._key}/"
        app.router.add_get(root, self._page)
        app.router.add_get(root + "lines", self._lines)
        app.router.add_get(root + "page/{id}", self._detail)
        app.router.add_get(root + "picture/{id}", self._picture)
        app.router.add_get(root + "search", self._search)
        app.router.add_post(root + "marks", self._mark)
        self._runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port).start()
        self._port = self._runner.addresses[0][1]
        self.address = f"http://{LOOPBACK}:{self._port}{root}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """End, and with it what is still being drawn."""
        if self._runner is not None:
            await self._runner.cleanup()

    @web.middleware
    async def _guarded(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        own = {f"{name}:{self._port}" for name in (LOOPBACK, "localhost")}
        if request.host not in own:
            raise web.HTTPForbidden(text="this page is served under its own address only")
        if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            raise web.HTTPForbidden(text="this page talks to itself only")
        if request.method == "POST" and request.headers.get("Origin") != f"http://{request.host}":
            raise web.HTTPForbidden(text="marks are taken from this page only")
        return await handler(request)

    async def _page(self, _request: web.Request) -> web.Response:
        desk = self._desk
        about = {"title": desk.title, "dataset_id": desk.dataset_id, "served": True, "of": desk.gathered.of}
        html = "".join(shell.page(about, served=True))
        style, program = shell.review_assets()
        policy = shell.policy(style, program, served=True) + "; frame-ancestors 'none'"
        return web.Response(text=html, content_type="text/html", headers={"Content-Security-Policy": policy})

    async def _lines(self, _request: web.Request) -> web.Response:
        gathered = self._desk.gathered
        marks = await asyncio.to_thread(self._marks)
        now = {name: review.mark for name, page in gathered.pages.items() if (review := mark_of(page, marks))}
        lines = [asdict(line) | {"mark": now.get(line.id)} for line in gathered.lines]
        return _json(lines)

    async def _detail(self, request: web.Request) -> web.Response:
        name, page = self._asked(request)
        found = await self._desk.pictures.places(page, wanted_places(page))
        marks = await asyncio.to_thread(self._marks)
        return _json(asdict(await asyncio.to_thread(detail, name, page, mark_of(page, marks), found)))

    async def _picture(self, request: web.Request) -> web.Response:
        _, page = self._asked(request)
        try:
            return web.Response(body=await self._desk.pictures.webp(page), content_type="image/webp")
        except DocumentError as error:
            raise web.HTTPNotFound(text=str(error)) from error

    async def _search(self, request: web.Request) -> web.Response:
        words = request.query.get("q", "")[:_QUERY]
        return _json(await asyncio.to_thread(self._desk.gathered.search, words))

    async def _mark(self, request: web.Request) -> web.Response:
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            said = Said.model_validate_json(await request.read())
        except ValidationError as error:
            raise web.HTTPBadRequest(text=error.errors(include_url=False)[0]["msg"]) from error
        page = self._desk.gathered.pages.get(said.id)
        if page is None or page.doc_id != said.doc_id:
            raise web.HTTPNotFound(text="there is no such page")
        made = said.model_copy(update={"marked_at": None})
        review = review_of(made, page, self._desk.reviewer, datetime.now(UTC))
        try:
            await asyncio.to_thread(self._desk.sitting.mark, review)
        except OutputFault as error:
            raise web.HTTPInsufficientStorage(text=f"{error}; {error.advice}") from error
        return _json({"mark": review.mark})

    def _asked(self, request: web.Request) -> tuple[str, PageRecord]:
        name = request.match_info["id"]
        page = self._desk.gathered.pages.get(name)
        if page is None:
            raise web.HTTPNotFound(text="there is no such page")
        return name, page

    def _marks(self) -> dict[MarkedPage, ReviewRecord]:
        return latest_reviews(read_reviews(self._desk.gathered.read.place))


async def _closed(_request: web.Request, response: web.StreamResponse) -> None:
    """Let nobody else frame, guess at or keep what is sent, be it a refusal."""
    response.headers.update(_HEADERS)


def _json(value: object) -> web.Response:
    response = web.json_response(value, dumps=lambda it: json.dumps(it, ensure_ascii=False, default=str))
    response.enable_compression()
    return response
