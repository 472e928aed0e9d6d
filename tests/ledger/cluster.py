"""A throw-away PostgreSQL server for tests."""

from __future__ import annotations

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

USER = "postgres"
_names = itertools.count(1)


def binaries() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


class Cluster:
    """A throw-away PostgreSQL server on a loopback port. The server refuses to run as root, so it need not.

    With a *password* it asks everybody for it; without one it trusts whoever comes.
    """

    def __init__(self, programs: Path, folder: Path, *, user: str = USER, password: str = "") -> None:
        self._programs = programs
        self._folder = folder
        self._user = user
        self._password = password
        self.port = free_port()

    @property
    def url(self) -> str:
        who = f"{self._user}:{quote(self._password, safe='')}" if self._password else self._user
        return f"postgresql://{who}@127.0.0.1:{self.port}"

    def make(self) -> None:
        secret = self._folder / "password"
        secret.write_text(self._password)
        if os.geteuid() == 0:
            shutil.chown(self._folder, USER)
            shutil.chown(secret, USER)
        asks = ["--auth", "scram-sha-256", "--pwfile", str(secret)] if self._password else ["--auth", "trust"]
        self._run("initdb", "--username", self._user, *asks, "--no-sync", "--encoding", "UTF8", "--locale", "C")

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c fsync=off -c unix_socket_directories="
        self._run("pg_ctl", "--wait", "--log", str(self._folder / "log"), "--options", options, "start")

    def stop(self) -> None:
        self._run("pg_ctl", "--wait", "--mode", "immediate", "stop")

    def new_schema(self) -> str:
        """Make an empty schema, which is quicker than a database; give the URL that leads into it."""
        name = f"ledger_{next(_names)}"
        self.execute(f"CREATE SCHEMA {name}")
        return f"{self.url}/postgres?options=-csearch_path%3D{name}"

    def new_database(self) -> str:
        """Make an empty database, for what wants one of its own; give its URL."""
        name = f"database_{next(_names)}"
        self.execute(f"CREATE DATABASE {name}")
        return f"{self.url}/{name}"

    def execute(self, statement: str) -> None:
        """Do something to the server from beside the ledger."""
        with psycopg.connect(f"{self.url}/postgres", autocommit=True) as connection:
            connection.execute(statement)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), "--pgdata", str(self._folder / "data"), *arguments]
        as_user = ["runuser", "-u", USER, "--"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*as_user, *command], cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
        )
        assert done.returncode == 0, (command, done.stderr)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    programs = binaries()
    if programs is None:
        reason = "PostgreSQL's server programs are not installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="pagemill-postgresql-") as folder:
        cluster = Cluster(programs, Path(folder))
        cluster.make()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
