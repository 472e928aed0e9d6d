"""Task runners of Prefect that carry shares of a backfill to processes elsewhere, one module each.

A module here *is* a runner: it has `NEEDS`, `cluster` and `is_over`, and no list names it. What it drives is an extra,
and is imported only when it is asked for.
"""

from __future__ import annotations

import importlib
import importlib.util
import pkgutil
import socket
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from flows.wording import nearest
from schemas.errors import UsageFault

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture
    from prefect.task_runners import TaskRunner

PATIENCE = 20.0
"""Seconds that a cluster may take to answer."""
WORKERS = 2
"""Processes of a cluster that is made for one backfill, where nobody says how many."""


class RunnerModule(Protocol):
    """The shape of a module in this package. `NEEDS` is the package that its extra installs."""

    NEEDS: str

    def cluster(self, address: str | None, workers: int) -> AbstractContextManager[TaskRunner[Any]]:
        """Find a cluster, or make one of so many processes on this machine for as long as the context lasts.

        Entered and left in a thread: both take seconds.

        Raises:
            UsageFault: if there is none at the address.
        """
        ...

    def is_over(self, future: PrefectFuture[Any]) -> bool:
        """Whether a task has ended, however it did."""
        ...


@dataclass(frozen=True, slots=True)
class Runner:
    """Which runner, and where its cluster is: at an address, or made on this machine with so many processes."""

    name: str
    address: str | None = None
    workers: int = WORKERS

    @property
    def module(self) -> RunnerModule:
        """What drives it."""
        return cast("RunnerModule", importlib.import_module(f"{__name__}.{self.name}"))

    def __str__(self) -> str:
        """Name it to a human."""
        return f"{self.name} at {self.address}" if self.address else f"{self.name}, {self.workers} processes here"


def names() -> tuple[str, ...]:
    """Name the runners that there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def chosen(given: str, workers: int | None) -> Runner:
    """Read `dask`, or `dask=tcp://scheduler:8786`.

    Raises:
        UsageFault: if there is no such runner, if its extra is not installed, or if it is told how many processes a
            cluster is to have that is there already.
    """
    name, _, address = given.partition("=")
    if name not in names():
        msg = f"--runner: there is no runner {name!r}"
        raise UsageFault(msg, advice=nearest(name, names()))
    if address and workers is not None:
        msg = f"--runner-workers: the cluster at {address} has the processes that it has"
        raise UsageFault(msg, advice="leave it out, or leave out the address")
    runner = Runner(name, address or None, workers or WORKERS)
    if importlib.util.find_spec(runner.module.NEEDS) is None:
        msg = f"--runner {name} needs a package that is not installed"
        raise UsageFault(msg, advice=f"install it with: pip install 'pagemill[{name}]'")
    return runner


def knock(address: str) -> None:
    """Make sure that somebody listens at an address; one that names no port is left to who knows what it means.

    The runners' own clients go on trying for minutes.

    Raises:
        OSError: if nobody does.
    """
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=PATIENCE).close()
