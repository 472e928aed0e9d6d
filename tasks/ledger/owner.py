"""Who holds a lease, and whether it is still alive."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_STATE, _STARTED = 0, 19
"""Fields of `/proc/<pid>/stat` behind the command's closing bracket."""
_DEAD_STATES = frozenset("ZXx")


@dataclass(frozen=True, slots=True)
class Owner:
    """A process, told apart from any other that had or will have its number.

    *machine* names the installation, *boot* the time that it has been up, *namespace* where process numbers
    count (a container has its own), `pid_started` when the process began. Unknown is empty or 0.
    """

    host: str
    machine: str
    boot: str
    namespace: str
    pid: int
    pid_started: int

    def is_alive(self, here: Owner) -> bool | None:
        """Say whether it still runs, as seen by *here*; None where that cannot be known."""
        if self.boot and (self.boot, self.namespace) == (here.boot, here.namespace):
            return _started(self.pid) == self.pid_started
        if self.machine and (self.host, self.machine) == (here.host, here.machine) and self.boot and here.boot:
            return None if self.boot == here.boot else False
        return None


def this_process() -> Owner:
    """Name the process that asks."""
    host, machine, boot, namespace = _this_machine()
    return Owner(host, machine, boot, namespace, os.getpid(), _started(os.getpid()) or 0)


@cache
def _this_machine() -> tuple[str, str, str, str]:
    namespace = ""
    if (_PROC / "self/ns/pid").exists():
        namespace = str((_PROC / "self/ns/pid").readlink())
    return (
        socket.gethostname(),
        _text(Path("/etc/machine-id")),
        _text(_PROC / "sys/kernel/random/boot_id"),
        namespace,
    )


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _started(pid: int) -> int | None:
    """Give the time since boot at which a process began, None if it has ended."""
    # The command's name stands in brackets and may hold any character, brackets too.
    fields = _text(_PROC / str(pid) / "stat").rpartition(")")[2].split()
    if not fields or fields[_STATE] in _DEAD_STATES:
        return None
    return int(fields[_STARTED])
