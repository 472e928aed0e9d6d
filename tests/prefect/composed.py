"""What `docker/` describes, without an engine: its image as a folder, its services as processes on loopback.

Commands, environment, health checks and the order of starting are those of the files. Only what an engine would do is
done here: names of services become ports of this machine, and folders of the image become folders of the test.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.ledger.cluster import Cluster, binaries, free_port
from tests.prefect.serving import ROOT
from tests.prefect.yard import kill

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DOCKER = ROOT / "docker"
GIVEN = {"POSTGRES_PASSWORD": "sesame/open@4711 100%", "DASHSCOPE_API_KEY": "sk-emulator"}
"""What the person exports who types `docker compose up`."""
STARTING = 240.0
"""Seconds; what a service may take until it is well, on a machine that does much else beside."""
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<how>[-?])(?P<rest>[^}]*))?\}")


def steps() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, continued lines joined."""
    lines = re.sub(r"\\\n", " ", (DOCKER / "Dockerfile").read_text(encoding="utf-8")).splitlines()
    pairs = (line.split(maxsplit=1) for line in lines if line.strip() and not line.startswith("#"))
    return [(name, rest) for name, rest in pairs]


def services(given: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    """The services of the compose file, with their variables filled in as the engine does it."""
    text = (DOCKER / "compose.yaml").read_text(encoding="utf-8")
    return _filled_in(yaml.safe_load(text), given)["services"]


def _filled_in(node: Any, given: Mapping[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _filled_in(value, given) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled_in(value, given) for value in node]
    return _VARIABLE.sub(lambda found: _value(found, given), node) if isinstance(node, str) else node


def _value(found: re.Match[str], given: Mapping[str, str]) -> str:
    if value := given.get(found["name"], ""):
        return value
    assert found["how"] != "?", found["rest"]
    return found["rest"] if found["how"] == "-" else ""


@dataclass(frozen=True)
class Image:
    """The folder that the Dockerfile's COPY steps make, and what its other steps say of a process in it."""

    folder: Path
    workdir: str
    environment: Mapping[str, str]
    command: list[str]

    @classmethod
    def build(cls, folder: Path) -> Image:
        """Do the steps that need no engine."""
        workdir, environment, command = "/", {}, []
        for name, rest in steps():
            if name == "WORKDIR":
                workdir = rest
            elif name == "ENV":
                environment |= dict(pair.split("=", 1) for pair in shlex.split(rest))
            elif name == "CMD":
                command = yaml.safe_load(rest)
            elif name == "COPY":
                *sources, to = shlex.split(rest)
                for source in sources:
                    _copy(ROOT / source, folder / to)
        return cls(folder, workdir, environment, command)


def _copy(source: Path, to: Path) -> None:
    """As COPY does it: what is in a folder goes into the folder, a file keeps its name."""
    if source.is_dir():
        shutil.copytree(source, to, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        to.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, to)


@dataclass
class Composed:
    """The services of the compose file, as processes."""

    home: Path
    image: Image
    given: Mapping[str, str]
    cluster: Cluster
    port: int = field(default_factory=free_port)
    running: dict[str, list[subprocess.Popen[str]]] = field(default_factory=dict)
    _started: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def services(self) -> dict[str, dict[str, Any]]:
        return services(self.given)

    @property
    def mill(self) -> Path:
        """The folder that is mounted as `/mill`."""
        return self.home / "mill"

    def environment(self, name: str, home: Path) -> dict[str, str]:
        """What a process of a service finds, and nothing of whoever runs the test."""
        described = self.image.environment | self.services[name].get("environment", {})
        machine = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "PYTHONPATH": str(self.image.folder),  # the image installs the folder itself
            "NO_PROXY": "*",
            "COLUMNS": "200",
        }
        return machine | {key: self.here(str(value)) for key, value in described.items()}

    def here(self, text: str) -> str:
        """Say a word of the files as it is said on this machine."""
        text = text.replace("@database/", f"@127.0.0.1:{self.cluster.port}/").replace("//server:", "//127.0.0.1:")
        text = text.replace("0.0.0.0", "127.0.0.1").replace("4200", str(self.port))  # noqa: S104 - it is not bound
        for volume in self.services["worker"]["volumes"]:
            inside = volume.rsplit(":", 1)[1]
            text = re.sub(rf"(?<![\w/.]){re.escape(inside)}(?![\w.-])", str(self.mill), text)
        return text.replace(self.image.workdir, str(self.image.folder))

    def start(self, name: str, *words: str, number: int = 1, **pipes: Any) -> subprocess.Popen[str]:
        """Start a service, or another command in its place."""
        home = self.home / f"{name}-{number}"
        home.mkdir(exist_ok=True)
        command = [self.here(str(word)) for word in words or self.services[name].get("command", self.image.command)]
        with (home / "log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=self.image.folder, env=self.environment(name, home), text=True, start_new_session=True,
                **({"stdout": log, "stderr": log} | pipes),
            )  # fmt: skip
        self._started.append(process)
        return process

    def bring_up(self, name: str) -> None:
        """Start all replicas of a service, once those are well that it depends on."""
        for other, how in self.services[name].get("depends_on", {}).items():
            self._await(other, how["condition"])
        replicas = self.services[name].get("deploy", {}).get("replicas", 1)
        self.running[name] = [self.start(name, number=number + 1) for number in range(replicas)]

    def wait_until_well(self, name: str) -> None:
        """Ask a service by its health check until it says that it is well."""
        kind, *words = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        end = time.monotonic() + STARTING
        ports = {"PGHOST": "127.0.0.1", "PGPORT": str(self.cluster.port)}  # in its container it is at home
        environment = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"} | ports
        while subprocess.run(
            [self.here(word) for word in words], env=environment, capture_output=True, check=False
        ).returncode:
            assert not [process for process in self.running[name] if process.poll() is not None], self.said(name)
            assert time.monotonic() < end, self.said(name)

    def said(self, name: str, number: int = 1) -> str:
        return (self.home / f"{name}-{number}" / "log").read_text()

    def make_database(self) -> None:
        """Do what the image of PostgreSQL does at its first start: the user, the database, the scripts."""
        described = self.services["database"]
        self.cluster.make()
        self.cluster.start()
        self.cluster.execute(f"CREATE DATABASE {described['environment']['POSTGRES_DB']}")
        scripts = [volume.split(":")[0] for volume in described["volumes"] if "docker-entrypoint-initdb.d" in volume]
        for script in scripts:
            self.cluster.execute((DOCKER / script).read_text(encoding="utf-8"))

    @contextmanager
    def up(self) -> Iterator[None]:
        """`docker compose up`: each service once those are there that it depends on; ends them with the block."""
        self.make_database()
        self.running["database"] = []
        try:
            while waiting := [name for name in self.services if name not in self.running]:
                wants = {name: set(self.services[name].get("depends_on", {})) for name in waiting}
                self.bring_up(next(name for name in waiting if wants[name] <= set(self.running)))
            yield
        finally:
            for process in reversed(self._started):
                kill(process)
                process.wait(60)
            self.cluster.stop()

    def _await(self, name: str, condition: str) -> None:
        if condition == "service_healthy":
            self.wait_until_well(name)
        elif condition == "service_completed_successfully":
            codes = [process.wait(STARTING) for process in self.running[name]]
            assert codes == [0] * len(codes), self.said(name)
        else:
            raise AssertionError(condition)


@contextmanager
def composed(home: Path, given: Mapping[str, str] = GIVEN) -> Iterator[Composed]:
    """Build the image, and find a place for a database; both go with the block."""
    env = services(given)["database"]["environment"]
    programs = binaries()
    assert programs is not None, "PostgreSQL's server programs are not installed"
    (home / "mill").mkdir(parents=True)
    with tempfile.TemporaryDirectory(prefix="pagemill-composed-") as folder:  # which another user may enter
        cluster = Cluster(programs, Path(folder), user=env["POSTGRES_USER"], password=env["POSTGRES_PASSWORD"])
        yield Composed(home, Image.build(home / "image"), given, cluster)
