"""Ray: a cluster that there is, or one of processes of this machine for as long as a backfill lasts."""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import TYPE_CHECKING, Any

from flows.interrupts import deaf
from flows.runners import knock
from schemas.errors import UsageFault

if TYPE_CHECKING:
    from prefect.futures import PrefectFuture
    from prefect.task_runners import TaskRunner

NEEDS = "prefect_ray"
STORE = 100_000_000
"""Bytes of memory for what tasks hand each other, which with us is next to nothing; Ray wants no less than 75 MB."""
TRIES = 3
"""Starts of a cluster on this machine."""
_QUIET = {"log_to_driver": False, "configure_logging": False}


@contextmanager
def cluster(address: str | None, workers: int) -> Iterator[TaskRunner[Any]]:
    """Find a cluster, or make one of so many processes on this machine.

    Raises:
        UsageFault: if no cluster answers at the address, or none can be made here.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing goes home
    if address is None:
        # Ray listens on all addresses of a machine; what it is told there has to bear this token.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    import ray
    from prefect_ray import RayTaskRunner

    logging.getLogger("ray").setLevel(logging.ERROR)  # which warns that it could not take our signals
    with deaf():
        _connect(address) if address is not None else _make(workers)
    try:
        # Ray tells of processes that died on standard output, where the command's own data goes.
        with redirect_stdout(sys.stderr):
            yield RayTaskRunner()  # which takes the cluster that this process is connected to
    finally:
        ray.shutdown()


def _connect(address: str) -> None:
    import ray

    try:
        knock(address)
        ray.init(address, **_QUIET)
    except (OSError, ValueError, RuntimeError) as error:
        msg = f"no Ray cluster answers at {address}"
        raise UsageFault(msg, advice="start it with: ray start --head; and on each machine: ray start") from error


def _make(workers: int) -> None:
    """Make a cluster; Ray gives itself half a minute, which a start on a busy machine can exceed."""
    import ray

    for tries_left in reversed(range(TRIES)):
        try:
            ray.init("local", **_QUIET, num_cpus=workers, include_dashboard=False, object_store_memory=STORE)
        except Exception as error:  # Ray raises none of its own
            ray.shutdown()
            if not tries_left:
                msg = f"Ray cannot start here: {next(iter(str(error).splitlines()), type(error).__name__)}"
                raise UsageFault(msg, advice="see /tmp/ray/session_latest/logs; or use --runner dask") from error
        else:
            return


def is_over(future: PrefectFuture[Any]) -> bool:
    """Whether a task has ended, or died with its process as often as Ray tries."""
    import ray

    ready, _ = ray.wait([future.wrapped_future], timeout=0)  # type: ignore[attr-defined]  # the runner's own kind
    return bool(ready)
