"""A yard of workers for tests: processes that are started, watched, and killed as a power cut would."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.prefect.serving import ROOT, PrefectServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _elsewhere() -> list[str]:
    words = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]
    try:
        return [] if subprocess.run([*words, "true"], capture_output=True, check=False).returncode else words
    except OSError:
        return []


ELSEWHERE = _elsewhere()
"""What lets a command see no process but its own, as in a container; nothing where the system does not allow it."""


@dataclass(frozen=True)
class Yard:
    """A server with our deployments, and what a worker is started with."""

    server: PrefectServer
    home: Path
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        ours = {"PAGEMILL_HOME": str(self.home), "DASHSCOPE_API_KEY": "sk-emulator", "PYTHONPATH": str(ROOT),
                "PREFECT_WORKER_QUERY_SECONDS": "1"}  # fmt: skip
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return self.server.environment | ours | {"PATH": path, "COLUMNS": "200"} | self.more

    def prepare(self) -> None:
        """Make the pool and register the deployment."""
        self.prefect("work-pool", "create", "pagemill", "--type", "process", "--overwrite")
        self.prefect("deploy", "--name", "process-backfill/backfill")

    def prefect(self, *words: str) -> str:
        command = [sys.executable, "-m", "prefect", "--no-prompt", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def worker(self, name: str) -> Any:
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "pagemill", "--type", "process"]
        with (self.home / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*ELSEWHERE, *command, "--name", name, "--limit", "1"],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
            )
            try:
                yield process
            finally:
                kill(process)
                process.wait(60)

    def states(self, backfill_id: str) -> list[tuple[str, str]]:
        """The runs of a backfill: the kind and the name of the state of each."""
        query = "select state_type, state_name from flow_run where cast(tags as text) like ? order by created"
        return [(str(kind), str(name)) for kind, name in self.server.rows(query, f"%backfill:{backfill_id}%")]

    def is_over(self, backfill_id: str) -> bool:
        """Whether no run of a backfill is at work or waits, also none that there was nothing left for."""
        return {kind for kind, _ in self.states(backfill_id)} <= {"COMPLETED", "CRASHED", "FAILED", "CANCELLED"}


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that these did."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, path.read_text().split()):
                found += [child, *descendants(child)]
    return found


def kill(process: subprocess.Popen[Any]) -> None:
    """What a power cut does: the worker, its runs, and theirs."""
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGSTOP)  # so that nothing is started between the look and the kill
    for pid in [*descendants(process.pid), process.pid]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def until(condition: Callable[[], object], process: subprocess.Popen[Any], *, within: float = 240.0) -> None:
    """Wait for what a process brings about."""
    end = time.monotonic() + within
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)  # nothing tells of what another process did
