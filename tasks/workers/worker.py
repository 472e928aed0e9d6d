"""What happens inside a worker process: its limits, its silence, and how its jobs fail."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from schemas.errors import PipelineError, RunError, UnforeseenFault

T = TypeVar("T")

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
    """Run *job*, which is about one document: what nobody foresaw in it costs that document, and never the run.

    Raises:
        UnforeseenFault: for anything but a document's fault, one of the run, or a lack of memory or of a library;
            also for one of these that cannot travel between processes, which would break the pool for everybody.
    """
    try:
        return job(*args)
    except (PipelineError, RunError, MemoryError, ImportError) as fault:
        if _travels(fault):
            raise
        raise _unforeseen(fault) from None
    except Exception as fault:  # noqa: BLE001 - a parser that trusts what it reads raises anything
        raise _unforeseen(fault) from None


def _unforeseen(fault: Exception) -> UnforeseenFault:
    from tasks.drawing.mupdf import one_line

    place = traceback.extract_tb(fault.__traceback__)[-1]
    return UnforeseenFault(one_line(f"{type(fault).__name__} at {Path(place.filename).name}:{place.lineno}: {fault}"))


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
    """Have the system end this process when the run's process is gone, also inside a hanging parser.

    The pipe behind the parent's sentinel is closed by its death, and that raises SIGIO here, which ends a process.
    """
    parent = multiprocessing.parent_process()
    if parent is None or not hasattr(signal, "SIGIO"):  # pragma: no cover - a worker has a parent; Windows has no SIGIO
        return
    import fcntl

    signal.signal(signal.SIGIO, signal.SIG_DFL)
    fcntl.fcntl(parent.sentinel, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(parent.sentinel, fcntl.F_SETFL, fcntl.fcntl(parent.sentinel, fcntl.F_GETFL) | os.O_ASYNC)


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
