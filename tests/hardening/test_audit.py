"""The audit of the locked packages: fails on a hit, says when nobody could be asked, and never passes by mistake."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
LOCKED = f"made-up==1.0 --hash=sha256:{'0' * 64}\n"
HIT = {"vulns": [{"id": "MADE-UP-1", "aliases": [], "summary": "made up", "affected": [], "modified": "2026-01-01"}]}


class Service(BaseHTTPRequestHandler):
    """Answers like osv.dev."""

    answer: object = {}

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = json.dumps(self.answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def service(answer: object) -> Iterator[int]:
    handler = type("Answering", (Service,), {"answer": answer})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,))
        serving.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            serving.join()


def nobody() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture
def audit(tmp_path):
    def run(port: int, locked: str = LOCKED, **more: str) -> tuple[int, str]:
        (tmp_path / "lock").write_text(locked)
        place = {"AUDIT_LOCK": str(tmp_path / "lock"), "PIP_AUDIT": str(Path(sys.executable).with_name("pip-audit"))}
        words = [ROOT / ".ci" / "audit", "--osv-url", f"http://127.0.0.1:{port}/", "--cache-dir", tmp_path / "cache"]
        done = subprocess.run(words, env=os.environ | place | more, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    return run


def test_nothing_known_passes(audit):
    with service({}) as port:
        code, said = audit(port)

    assert (code, said) == (0, "audit: no known vulnerabilities among the locked packages\n")


def test_a_known_vulnerability_fails(audit):
    with service(HIT) as port:
        code, said = audit(port)

    assert code == 1
    assert "MADE-UP-1" in said
    assert "FAILED" in said


def test_a_service_that_cannot_be_asked_is_said_and_stops_nobody_who_does_not_insist(audit):
    code, said = audit(nobody())
    strict, _ = audit(nobody(), AUDIT_REQUIRED="1")

    assert (code, strict) == (0, 2)
    assert "audit: NOT DONE" in said


def test_a_lock_that_cannot_be_read_is_no_pass(audit):
    code, said = audit(nobody(), locked="this is no requirement\n")

    assert code != 0
    assert "pip-audit itself did not work" in said
