"""What happens inside a worker process: its limits, its silence, and how its jobs fail."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

_PR_SET_PDEATHSIG = 1
_MEGABYTE = 1_000_000


def prepare(memory_mb: int) -> None:
    """Make a fresh process a worker: silent, bounded, and gone when its parent is."""
    import tasks.drawing  # noqa: F401 - what it maps is not counted against the job

    _silence()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent drains; a terminal's Ctrl-C goes to all of its processes
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once, even inside a parser that never returns to Python
    _die_with_parent()
    _bound_memory(memory_mb * _MEGABYTE)


def ready() -> None:
    """Do nothing: a job that says that workers are there."""


def guarded(job: Callable[..., T], *args: object) -> T:
    """Run *job*; an exception that cannot travel between processes comes back as its words.

    Without this one such exception would break the pool for everybody.
    """
    try:
        return job(*args)
    except Exception as fault:
        if _travels(fault):
            raise
        msg = f"{type(fault).__name__}: {fault}"
        raise RuntimeError(msg) from None


def _travels(fault: Exception) -> bool:
    try:
        return type(pickle.loads(pickle.dumps(fault))) is type(fault)  # noqa: S301 - our own bytes of this moment
    except Exception:  # noqa: BLE001 - whatever a stranger's constructor does, the answer is no
        return False


def _silence() -> None:
    """Send what C libraries write to the terminal to nowhere; what matters of it is collected as notes."""
    sys.stdout.flush()
    sys.stderr.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _die_with_parent() -> None:
    """End this process with the one that forked it, also inside a hanging parser. Linux only."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _bound_memory(allowed: int) -> None:
    """Let the process map *allowed* bytes beyond what it has mapped; and no core dumps. Where /proc exists."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):  # pragma: no cover - not Linux
        return
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        limit = pages * resource.getpagesize() + allowed
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))
