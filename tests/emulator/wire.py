"""What goes over the wire, well or badly: whole answers, streams, and connections that break."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.emulator.payloads import dumps, timing_headers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Stopped(ConnectionError):
    """The emulator ended before the answer."""


@dataclass(slots=True)
class Exchange:
    """One request with all that is needed to answer it. `stopping` is set when the emulator ends.

    `compressed` says whether whole bodies go as gzip, to callers that take it.
    """

    request: web.Request
    headers: dict[str, str]
    stopping: asyncio.Event
    compressed: bool = False
    arrived: float = field(default_factory=time.time)
    settings: Mapping[str, Any] = field(default_factory=dict)
    frames_sent: int = 0

    async def wait(self, seconds: float) -> None:
        """Wait.

        Raises:
            Stopped: if the emulator ends meanwhile.
        """
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stopping.wait(), seconds)
        if self.stopping.is_set():
            raise Stopped

    def plain(self, status: int, data: bytes, content_type: str = "application/json") -> web.Response:
        headers = self._headers(content_type)
        response = web.Response(status=status, body=data, headers=headers)
        response.enable_chunked_encoding()
        if self.compressed and "gzip" in self.request.headers.get("accept-encoding", ""):
            response.enable_compression(web.ContentCoding.gzip)
        return response

    def json(self, status: int, payload: object) -> web.Response:
        return self.plain(status, dumps(payload).encode())

    async def events(self, payloads: Iterable[bytes]) -> web.StreamResponse:
        response = await self._begin("text/event-stream;charset=UTF-8")
        for payload in payloads:
            await response.write(payload)
            self.frames_sent += 1
        await response.write_eof()
        return response

    def _headers(self, content_type: str) -> dict[str, str]:
        return {**self.headers, **timing_headers(self.arrived), "content-type": content_type}

    async def _begin(self, content_type: str, length: int | None = None) -> web.StreamResponse:
        response = web.StreamResponse(headers=self._headers(content_type))
        if length is not None:
            response.content_length = length
        await response.prepare(self.request)
        return response

    # what follows breaks something

    async def hang(self) -> web.StreamResponse:
        """Say nothing until the caller leaves, the emulator stops, or `seconds` are over; then close."""
        await self.wait(self.settings.get("seconds", 3_600.0))
        return self.close()

    def close(self) -> web.StreamResponse:
        """Close the connection in place of an answer."""
        if self.request.transport is not None:
            self.request.transport.close()
        return web.Response(status=500)

    def reset(self) -> web.StreamResponse:
        """Reset the connection (RST) in place of an answer."""
        transport = self.request.transport
        if transport is not None:
            plug: socket.socket = transport.get_extra_info("socket")
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        return web.Response(status=500)

    async def short_body(self, data: bytes) -> web.StreamResponse:
        """Promise the whole body and close after the half of it."""
        response = await self._begin("application/json", len(data))
        await response.write(data[: len(data) // 2])
        self.close()
        return response

    async def chunked_cut(self, data: bytes) -> web.StreamResponse:
        """Close before the last chunk."""
        response = await self._begin("application/json")
        await response.write(data[: len(data) // 2])
        self.close()
        return response

    async def drip(self, data: bytes) -> web.StreamResponse:
        """Send the whole body in `parts` with `seconds` between them."""
        response = await self._begin("application/json", len(data))
        parts = self.settings.get("parts", 10)
        step = -(-len(data) // parts)
        for start in range(0, len(data), step):
            await self.wait(self.settings.get("seconds", 0.4))
            await response.write(data[start : start + step])
        return response

    async def stream_cut(self, payloads: list[bytes]) -> web.StreamResponse:
        """Close in the middle of a frame."""
        response = await self._begin("text/event-stream;charset=UTF-8")
        half = len(payloads) // 2
        for payload in payloads[:half]:
            await response.write(payload)
        await response.write(payloads[half][: len(payloads[half]) // 2])
        self.close()
        return response

    async def stream_stall(self, payloads: list[bytes]) -> web.StreamResponse:
        """Send the first frame and then nothing."""
        response = await self._begin("text/event-stream;charset=UTF-8")
        await response.write(payloads[0])
        await self.hang()
        return response
