"""Counts what leaves the machine during one call, repeats included that a vendor's SDK makes and does not tell."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import aiohttp

from schemas.wire import WireSend

CONNECT = 30.0
"""Seconds to reach a server, after which nothing was sent and the call can be made again."""


@dataclass(slots=True)
class WireLog:
    """The sends of one call in order, and headers and body of the last answer as they came."""

    _sends: list[WireSend] = field(default_factory=list)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def sends(self) -> tuple[WireSend, ...]:
        """What left, in order."""
        return tuple(self._sends)

    @property
    def status(self) -> int | None:
        """The HTTP status of the last send; None where it was not answered."""
        return self._sends[-1].status if self._sends else None

    def sent(self) -> None:
        """Note that a request leaves."""
        self._sends.append(WireSend(started_at=datetime.now(UTC)))
        self.headers, self.body = {}, b""

    def answered(self, response: aiohttp.ClientResponse) -> None:
        """Note that an answer begins."""
        self._amend(first_byte_at=datetime.now(UTC), status=response.status)
        self.headers = response.headers

    def ended(self) -> None:
        """Note that the last send is over, if nobody has before."""
        if self._sends and self._sends[-1].ended_at is None:
            self._amend(ended_at=datetime.now(UTC))

    def _amend(self, **changes: Any) -> None:
        if self._sends:
            self._sends[-1] = replace(self._sends[-1], **changes)


_current: ContextVar[WireLog | None] = ContextVar("wirelog", default=None)


@contextmanager
def recording() -> Iterator[WireLog]:
    """Record what this task sends through a session that has `tracing()`; afterwards every send has an end."""
    log = WireLog()
    token = _current.set(log)
    try:
        yield log
    finally:
        _current.reset(token)
        log.ended()


def open_session() -> aiohttp.ClientSession:
    """Make a session on the running loop whose sends are recorded.

    Its pool is unbounded, so that it holds as many connections as there are calls in flight: waiting for a slot would
    eat a call's deadline, which is the caller's and not the session's.
    """
    return aiohttp.ClientSession(
        request_class=_Request,
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT),
        trace_configs=[tracing()],
        trust_env=True,
    )


class _Request(aiohttp.ClientRequest):
    """Sends a body in pieces that an SDK hands over as one string of bytes.

    A page's picture makes bodies of megabytes. aiohttp warns of writing such a body in one go, which blocks the loop;
    where warnings are errors the page would be lost.
    """

    def update_body_from_data(self, body: Any, _stacklevel: int = 3) -> None:
        super().update_body_from_data(io.BytesIO(body) if isinstance(body, bytes) else body, _stacklevel)


def tracing() -> aiohttp.TraceConfig:
    """Make the hooks for a session. An SDK passes no context of ours along, hence the context variable."""
    trace = aiohttp.TraceConfig()
    trace.on_request_headers_sent.append(_on_sent)
    trace.on_request_redirect.append(_on_redirect)
    trace.on_request_end.append(_on_answer)
    trace.on_response_chunk_received.append(_on_body)
    trace.on_request_exception.append(_on_exception)
    return trace


async def _on_sent(_session: aiohttp.ClientSession, _context: SimpleNamespace, _params: Any) -> None:
    if log := _current.get():
        log.sent()


async def _on_answer(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestEndParams
) -> None:
    if log := _current.get():
        log.answered(params.response)


async def _on_redirect(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceRequestRedirectParams
) -> None:
    if log := _current.get():
        log.answered(params.response)
        log.ended()


async def _on_body(
    _session: aiohttp.ClientSession, _context: SimpleNamespace, params: aiohttp.TraceResponseChunkReceivedParams
) -> None:
    if log := _current.get():
        log.body = params.chunk
        log.ended()


async def _on_exception(_session: aiohttp.ClientSession, _context: SimpleNamespace, _params: Any) -> None:
    if log := _current.get():
        log.ended()
