"""What the tests of backends over HTTP share: questions about made pages, and servers that say what they are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from pydantic import SecretStr

from schemas.documents import Document, PageFacts, PageImage, RenderedPage, SourceFile, Span
from schemas.models import ModelSpec
from schemas.requests import ModelRequest, Recipe, RenderSpec, Turn
from tasks.backends import BackendSettings, create
from tasks.catalogue import load_models
from tasks.ports import Backend, Workers
from tests.emulator.pictures import picture

FILE = SourceFile("/in/a.pdf", "/in/a.pdf", "a.pdf", 1, datetime(2026, 1, 1, tzinfo=UTC), 0)
DOCUMENT = Document(FILE, "d" * 64, "application/pdf", 9)
PLAIN = Turn("user", "Read this.", images=True)


def request_of(
    *turns: Turn, model: str = "qwen3-vl-plus", page_nos: tuple[int, ...] = (1,), **parameters: Any
) -> ModelRequest:
    recipe = Recipe("text", 1, "any", model, turns or (PLAIN,), parameters, render=RenderSpec())
    return ModelRequest(recipe, Span(DOCUMENT, page_nos))


def page_of(page_no: int = 1, width: int = 64, height: int = 64) -> RenderedPage:
    image = PageImage(picture(width, height, seed=page_no), "image/png", width, height)
    return RenderedPage(page_no, PageFacts(), image)


class NoWorkers(Workers):
    """Nothing is rendered here."""


@dataclass
class Bench:
    """Makes backends of one name, and closes them in the end."""

    backend: str
    made: list[Backend] = field(default_factory=list)

    def __call__(
        self,
        base_url: str,
        *,
        model: str = "qwen3-vl-plus",
        spec: ModelSpec | None = None,
        key: str | None = "sk-emulator",
        timeout: float = 20.0,
    ) -> Backend:
        known = spec or replace(load_models()[model], retired_on=None)
        given = SecretStr(key) if key else None
        made = create(self.backend, BackendSettings(known, NoWorkers(), given, base_url, timeout=timeout))
        self.made.append(made)
        return made

    async def aclose(self) -> None:
        for backend in self.made:
            await backend.aclose()


@dataclass
class Saying:
    """A server under way; `heads` are the request heads that it was sent, `bodies` the bodies."""

    address: str = ""
    heads: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def saying(*answers: bytes, path: str = "/v1") -> AsyncIterator[Saying]:
    """Serve these bytes, one answer a connection, then close it."""
    left, server = list(answers), Saying()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        server.heads.append(head)
        server.bodies.append(await reader.readexactly(length))
        writer.write(left.pop(0))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        server.address = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}{path}"
        yield server


def http(body: bytes, *, status: int = 200, content_type: str = "application/json", headers: str = "") -> bytes:
    """Write an answer that ends with its connection."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body
