"""A Prefect server of its own for tests: a process on loopback, with a home that goes with it."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
STARTING = 240.0
"""Seconds; what a start takes on a machine that does much else beside."""


@dataclass(frozen=True)
class PrefectServer:
    """Where it listens, and where it keeps what it was told: in a file, or in a database of PostgreSQL."""

    home: Path
    port: int
    pid: int = 0
    database: str = ""
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to work with it, and nothing of whoever runs the test."""
        theirs = ("PREFECT_", "DASHSCOPE_", "PAGEMILL_")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(theirs)}
        return kept | {
            "PREFECT_HOME": str(self.home),
            "PREFECT_API_URL": self.url,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1",
            "NO_PROXY": "*",
        }

    @property
    def its_environment(self) -> dict[str, str]:
        """What the server itself is started with."""
        kept_in = self.database.replace("postgresql://", "postgresql+asyncpg://")
        ours = {"PREFECT_SERVER_DATABASE_CONNECTION_URL": kept_in} if kept_in else {}
        return self.environment | self.settings | ours

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask its database; a question mark stands for a value."""
        if self.database:
            with psycopg.connect(self.database) as connection:
                return connection.execute(query.replace("?", "%s").encode(), values).fetchall()
        with closing(sqlite3.connect(self.home / "prefect.db", timeout=60)) as database:
            return database.execute(query, values).fetchall()

    def soon(self, query: str, *values: object, within: float = 60) -> list[tuple[Any, ...]]:
        """Ask its database until there is an answer: it records task runs and logs behind those who report them."""
        until = time.monotonic() + within
        while not (rows := self.rows(query, *values)) and time.monotonic() < until:
            time.sleep(0.1)
        return rows

    def everything(self) -> bytes:
        """All that it has on disk."""
        return b"".join(path.read_bytes() for path in self.home.rglob("*") if path.is_file())


@contextmanager
def prefect_server(home: Path, database: str = "", settings: dict[str, str] | None = None) -> Iterator[PrefectServer]:
    """Start a server, under *settings* of Prefect's own, and wait until it answers; ends with the block."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        server = PrefectServer(home, free.getsockname()[1], database=database, settings=settings or {})
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(server.port)]
    home.mkdir(parents=True, exist_ok=True)
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--no-ui"], env=server.its_environment, stdout=log, stderr=log, start_new_session=True
        )
        try:
            _wait(server, process)
            yield replace(server, pid=process.pid)
        finally:
            process.terminate()
            process.wait(60)


def _wait(server: PrefectServer, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + STARTING
    while time.monotonic() < until:
        assert process.poll() is None, (server.home / "server.log").read_text()
        try:
            with urllib.request.urlopen(f"{server.url}/health", timeout=10) as answer:  # noqa: S310 - our own
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)  # a server that starts has no event to wait for
    raise TimeoutError((server.home / "server.log").read_text())


def pagemill(*words: object, env: dict[str, str], **more: Any) -> subprocess.Popen[str]:
    """Start the command."""
    command = [sys.executable, "-m", "flows.cli", *map(str, words)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    return subprocess.Popen(command, cwd=ROOT, env=env, **pipes, **more)
