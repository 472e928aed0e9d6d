"""How worker processes are started: forked from a small server that has the parsers loaded already."""

from __future__ import annotations

import multiprocessing
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.context import BaseContext

_PRELOADED = ["tasks.drawing", "tasks.workers.worker", "pebble.pool.process"]
_hiding = threading.Lock()


@contextmanager
def _nameless_main() -> Iterator[None]:
    """Keep the program's main module out of its workers.

    A new process would import it again: all of Prefect where a flow runs, or a user's script without a guard,
    once more from its first line. Jobs are functions of importable modules and need none of it.
    """
    main = sys.modules["__main__"]
    names = ("__spec__", "__file__")
    with _hiding:
        kept = {name: getattr(main, name) for name in names if hasattr(main, name)}
        for name in kept:
            setattr(main, name, None)
        try:
            yield
        finally:
            for name, value in kept.items():
                setattr(main, name, value)


if "forkserver" in multiprocessing.get_all_start_methods():
    from multiprocessing.context import ForkServerContext, ForkServerProcess

    class WorkerProcess(ForkServerProcess):
        """A process of the fork server that does not import the main module."""

        def start(self) -> None:
            """Start without the main module's name."""
            with _nameless_main():
                super().start()

    class _Context(ForkServerContext):
        Process = WorkerProcess

    def worker_context() -> BaseContext:
        """Give the context in which workers start."""
        context = _Context()
        context.set_forkserver_preload(_PRELOADED)
        return context

else:  # pragma: no cover - Windows

    def worker_context() -> BaseContext:
        """Give the context in which workers start."""
        return multiprocessing.get_context("spawn")
