"""Dask: a cluster that there is, or one of processes of this machine for as long as a backfill lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from flows.interrupts import deaf
from flows.runners import PATIENCE, knock
from schemas.errors import UsageFault

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture
    from prefect.task_runners import TaskRunner

NEEDS = "prefect_dask"


@contextmanager
def cluster(address: str | None, workers: int) -> Iterator[TaskRunner[Any]]:
    """Find a cluster, or make one of so many processes on this machine.

    Raises:
        UsageFault: if no scheduler answers at the address.
    """
    import dask
    import distributed
    from prefect_dask import DaskTaskRunner

    if address is not None:
        _ask(address)
        yield DaskTaskRunner(address=address)
        return
    # The tracker lets its starter hear Ctrl-C again; started before, it does not come between.
    resource_tracker.ensure_running()
    # A scheduler does whatever it is told: only who has the certificates of this minute may speak to it, and it to us.
    private = {"host": "127.0.0.1", "security": True, "dashboard_address": "127.0.0.1:0"}
    # Pages are drawn in processes of their own, which have bounds of their own.
    processes = {"n_workers": workers, "threads_per_worker": 1, "processes": True, "memory_limit": 0}
    with dask.config.set({"distributed.worker.daemon": False}):
        with deaf():
            made = distributed.LocalCluster(**private, **processes, silence_logs="CRITICAL")
        with made:
            yield DaskTaskRunner(address=made.scheduler_address, client_kwargs={"security": made.security})


def is_over(future: PrefectFuture[Any]) -> bool:
    """Whether a task has ended, or is lost with its cluster."""
    return bool(future.wrapped_future.done())  # type: ignore[attr-defined]  # the runner's own kind of future


def _ask(address: str) -> None:
    import distributed

    try:
        knock(address)
        distributed.Client(address, timeout=PATIENCE, set_as_default=False).close()
    except (OSError, ValueError) as error:
        msg = f"no Dask scheduler answers at {address}"
        raise UsageFault(msg, advice="start it with: dask scheduler; and on each machine: dask worker") from error
