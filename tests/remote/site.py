"""A site on loopback: pages of links and documents, with as much said of each as its keeper likes."""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Site:
    """What stands where, by path; `moved` leads elsewhere, `refused` are answered with a status."""

    documents: dict[str, bytes] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    moved: dict[str, str] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)
    is_dumb: bool = False
    """Whether it says neither how large a document is nor which state of it this is."""
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                site.asked.append(f"HEAD {self.path}")
                self.answer()

            def do_GET(self) -> None:
                site.asked.append(f"GET {self.path}")
                body = self.answer()
                if body is not None:
                    self.wfile.write(body)

            def answer(self) -> bytes | None:
                path = urlsplit(self.path).path
                if path in site.moved:
                    return self.begin(302, {"Location": site.moved[path], "Content-Length": "0"})
                if path in site.pages:
                    page = site.pages[path].encode()
                    self.begin(200, {"Content-Type": "text/html", "Content-Length": str(len(page))})
                    return page
                body = site.documents.get(path)
                if body is None or path in site.refused:
                    return self.begin(site.refused.get(path, 404), {"Content-Length": "0"})
                etag = hashlib.sha1(body, usedforsecurity=False).hexdigest()
                facts = {} if site.is_dumb else {"Content-Length": str(len(body)), "ETag": f'"{etag}"'}
                self.begin(200, facts)
                return body

            def begin(self, status: int, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fetched(self) -> list[str]:
        """Documents that were asked for whole."""
        return [line.removeprefix("GET ") for line in self.asked if line.startswith("GET ") and not line.endswith("/")]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def site() -> Iterator[Site]:
    """An empty site."""
    running = Site()
    yield running
    running.close()
