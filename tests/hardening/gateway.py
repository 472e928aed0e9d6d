"""A gateway that refuses every question, each time in another way, and repeats in it all headers that it was sent."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Chatty(BaseHTTPRequestHandler):
    """Says back whatever it hears, in every place where a service says something."""

    protocol_version = "HTTP/1.1"
    turns = count()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", "0")))
        heard = self.headers.get("Authorization", "nothing")
        number = next(self.turns)
        status = (400, 429, 500, 503, 413)[number] if number < 5 else 401
        error = {"code": f"Bad {heard}", "message": f"refused: {heard}", "request_id": heard, "type": heard}
        shapes = (error, {"error": error, "id": heard}, f"<html>{heard}</html>", [heard])
        shape = shapes[number % 4]
        body = (shape if isinstance(shape, str) else json.dumps(shape)).encode()
        self.send_response(status, f"said {heard}")
        self.send_header("X-Request-Id", heard)
        self.send_header("Content-Type", "text/html" if isinstance(shape, str) else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def chatty_gateway() -> Iterator[str]:
    """Give its address."""
    handler = type("Once", (Chatty,), {"turns": count()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api/v1"
        finally:
            server.shutdown()
            serving.join()
