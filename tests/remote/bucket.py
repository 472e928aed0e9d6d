"""A bucket on loopback: moto's S3, behind a door that counts who reads what and can be held shut."""

from __future__ import annotations

import io
import logging
import re
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest
from PIL import Image
from werkzeug.serving import make_server
from werkzeug.test import Client

from tests.mill import card, paper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DENIED = b"<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"

OWNER = {"Host": "127.0.0.1", "Authorization": "AWS4-HMAC-SHA256 Credential=owner/20260101/us-east-1/s3/aws4_request"}


@dataclass
class Bucket:
    """What stands in the bucket `inbox`, and what becomes of a request for a key."""

    name: str = "inbox"
    read: list[str] = field(default_factory=list)
    listed: int = 0
    keys_a_page: int | None = None
    """How many keys it gives at a time; None is the service's thousand."""
    denied: set[str] = field(default_factory=set)
    cut: dict[str, int] = field(default_factory=dict)
    """How often the way is to be cut in the middle of a key's bytes."""
    when_read: dict[str, Callable[[], Any]] = field(default_factory=dict)
    put_keys: list[str] = field(default_factory=list)
    """Keys that were put from outside, in the order in which they came."""
    when_put: dict[str, Callable[[], Any]] = field(default_factory=dict)
    """What is done, once, before a key with such a beginning is put; what it raises cuts the way."""
    barred_puts: bool = False
    """Whether every key that is put is denied from then on."""
    knows_conditions: bool = True
    """Whether it writes on the condition that nothing stands there; some services do not know it."""

    def __post_init__(self) -> None:
        from moto.server import DomainDispatcherApplication, create_backend_app

        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._within = Client(self._moto)
        self._within.post("/moto-api/reset")
        self._within.put(f"/{self.name}", headers=OWNER)
        self._serve(0)

    def _serve(self, port: int) -> None:
        self._server = make_server("127.0.0.1", port, self._door, threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def put(self, key: str, content: bytes | Path) -> None:
        data = content if isinstance(content, bytes) else content.read_bytes()
        answer = self._within.put(f"/{self.name}/{quote(key)}", data=data, headers=OWNER)
        assert answer.status_code == 200, (answer.status_code, answer.text)

    def delete(self, key: str) -> None:
        answer = self._within.delete(f"/{self.name}/{quote(key)}", headers=OWNER)
        assert answer.status_code == 204, (answer.status_code, answer.text)

    def held(self) -> list[str]:
        """What stands in it."""
        answer = self._within.get(f"/{self.name}?list-type=2", headers=OWNER)
        return sorted(unquote(key) for key in re.findall("<Key>(.*?)</Key>", answer.text))

    def get(self, key: str) -> bytes:
        return self._within.get(f"/{self.name}/{quote(key)}", headers=OWNER).data

    def forget(self) -> None:
        self.read.clear()
        self.put_keys.clear()
        self.listed = 0

    def go_away(self) -> None:
        """Answer nobody, until it comes back with all that it held."""
        self.close()

    def come_back(self) -> None:
        self._serve(self._server.server_port)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _door(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        path = environ["PATH_INFO"].encode("latin-1").decode()
        key = path.removeprefix(f"/{self.name}").lstrip("/")
        if environ["REQUEST_METHOD"] == "GET" and not key:
            self.listed += 1
            if self.keys_a_page and "max-keys" not in environ["QUERY_STRING"]:
                environ["QUERY_STRING"] += f"&max-keys={self.keys_a_page}"
        if environ["REQUEST_METHOD"] == "GET" and key:
            self.read.append(key)
            self.when_read.pop(key, lambda: None)()
            if self.cut.get(key, 0):
                self.cut[key] -= 1
                return self._cut(environ, start)
        if environ["REQUEST_METHOD"] == "PUT" and key:
            self.put_keys.append(key)
            for beginning in [each for each in self.when_put if key.startswith(each)]:
                self.when_put.pop(beginning)()
            if "HTTP_IF_NONE_MATCH" in environ and not self.knows_conditions:
                start("501 Not Implemented", [("Content-Type", "application/xml")])
                return [b"<?xml version='1.0'?><Error><Code>NotImplemented</Code><Message>No.</Message></Error>"]
        if (
            (self.barred_puts and environ["REQUEST_METHOD"] == "PUT")
            or key in self.denied
            or ("" in self.denied and not key)
        ):
            start("403 Forbidden", [("Content-Type", "application/xml"), ("Content-Length", str(len(DENIED)))])
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [DENIED]
        return self._moto(environ, start)

    def _cut(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterator[bytes]:
        start("200 OK", [("Content-Type", "binary/octet-stream"), ("Content-Length", "100000")])
        yield b"the beginning"
        raise ConnectionResetError


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """An empty bucket, and the environment in which it is found."""
    running = Bucket()
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", running.url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-to-be-seen")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr("tasks.remote.stores.LONGEST_WAIT", 0.01)
    monkeypatch.setattr("tasks.places.patience.LONGEST_PAUSE", 0.05)
    monkeypatch.setattr("tasks.places.patience.A_LOOK", 1.0)
    yield running
    running.close()


def card_bytes(folder: Path, text: str, *, frames: int = 1) -> bytes:
    """A picture with writing on it."""
    return card(folder / ("card.tiff" if frames > 1 else "card.png"), text, frames=frames).read_bytes()


def paper_bytes(folder: Path, *pages: str) -> bytes:
    """A PDF."""
    return paper(folder / "paper.pdf", *pages).read_bytes()


def noise(kilobytes: int) -> bytes:
    """A picture that takes about so much room."""
    side = int((kilobytes * 1000 / 3) ** 0.5)
    picture = Image.effect_noise((side, side), 100).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "BMP")
    return buffer.getvalue()
