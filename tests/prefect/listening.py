"""A wire between a client and a Prefect server that counts what is asked over it. On loopback only, like the server."""

from __future__ import annotations

import asyncio
import re
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUEST = re.compile(rb"(GET|POST|PUT|PATCH|DELETE) (/api/\S*) HTTP/1\.1\r\n")
LONGEST = 200
"""Bytes of a request line that may have come before its end did."""
NAME = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}")


class Wire:
    """Passes bytes on in both directions, and counts requests by what they are: `POST /api/logs/`."""

    def __init__(self, port: int) -> None:
        self.asked: Counter[str] = Counter()
        self.port = 0
        self._to = port
        self._loop = asyncio.new_event_loop()
        self._ready, self._end = threading.Event(), asyncio.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    def run(self) -> None:
        """Pass on until told to end; for a thread of its own."""
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    def wait(self) -> None:
        self._ready.wait()

    def end(self) -> None:
        self._loop.call_soon_threadsafe(self._end.set)

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._end.wait()
        server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, here = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(self._pass(reader, here, listen=True), self._pass(there, writer, listen=False))

    async def _pass(self, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, listen: bool) -> None:
        before = b""
        with suppress(ConnectionError):
            while data := await source.read(1 << 16):
                if listen:
                    before = self._count(before + data)
                to.write(data)
                await to.drain()
        to.close()

    def _count(self, heard: bytes) -> bytes:
        """Count the requests of what was heard; give its end, in which a request may have begun."""
        after = 0
        for match in REQUEST.finditer(heard):
            path = NAME.sub("ID", match[2].decode().partition("?")[0])
            self.asked[f"{match[1].decode()} {path}"] += 1
            after = match.end()
        return heard[max(after, len(heard) - LONGEST) :]


@contextmanager
def wire_to(port: int) -> Iterator[Wire]:
    """Lay a wire to a server; it is cut with the block."""
    wire = Wire(port)
    thread = threading.Thread(target=wire.run, name="wire", daemon=True)
    thread.start()
    wire.wait()
    try:
        yield wire
    finally:
        wire.end()
        thread.join()
