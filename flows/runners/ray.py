"""Ray: a cluster that there is, or one of processes of this machine for as long as a backfill lasts."""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from flows.interrupts import deaf
from schemas.errors import UsageFault

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture
    from prefect.task_runners import TaskRunner

NEEDS = "prefect_ray"
STORE = 100_000_000
"""Bytes of memory for what tasks hand each other, which with us is next to nothing; Ray wants no less than 75 MB."""
_QUIET = {"log_to_driver": False, "configure_logging": False}


@contextmanager
def cluster(address: str | None, workers: int) -> Iterator[TaskRunner[Any]]:
    """Find a cluster, or make one of so many processes on this machine.

    Raises:
        UsageFault: if no cluster answers at the address.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing goes home
    if address is None:
        # Ray listens on all addresses of a machine; what it is told there has to bear this token.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    import ray
    from prefect_ray import RayTaskRunner

    logging.getLogger("ray").setLevel(logging.ERROR)  # which warns that it could not take our signals
    made = {"num_cpus": workers, "include_dashboard": False, "object_store_memory": STORE}
    try:
        with deaf():
            ray.init(address or "local", **_QUIET, **(made if address is None else {}))
    except (ConnectionError, ValueError, RuntimeError) as error:
        if address is None:
            raise
        msg = f"no Ray cluster answers at {address}"
        raise UsageFault(msg, advice="start it with: ray start --head; and on each machine: ray start") from error
    try:
        yield RayTaskRunner()  # which takes the cluster that this process is connected to
    finally:
        ray.shutdown()


def is_over(future: PrefectFuture[Any]) -> bool:
    """Whether a task has ended, or died with its process as often as Ray tries."""
    import ray

    ready, _ = ray.wait([future.wrapped_future], timeout=0)  # type: ignore[attr-defined]  # the runner's own kind
    return bool(ready)
