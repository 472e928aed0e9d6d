"""The Prefect task that a shard is; the only module here that imports Prefect.

Retries are 0, results are not persisted and nothing is cached by Prefect: the ledger is the memory, and one layer
retries. A task run is a shard, because a task run a page breaks the server and loses records.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from prefect import task
from prefect.cache_policies import NO_CACHE

from schemas.work import Shard

T = TypeVar("T")
NAMED_FILES = 20
"""Task parameters are for reading in the UI; a shard of a thousand one-page files is not listed whole."""


def label(shard: Shard) -> str:
    """Name a shard for a human: its first file, how many more, how many pages."""
    first, *others = shard.names
    more = f" + {len(others)} files" if others else ""
    return f"{first}{more} ({shard.page_count} pages) {shard.shard_id[:8]}"


async def run_shard(shard: Shard, work: Callable[[], Awaitable[T]]) -> T:
    """Run *work* on a shard as a task run that says which files it is about."""

    @task(
        name="process-shard",
        task_run_name=label(shard).replace("{", "(").replace("}", ")"),
        retries=0,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    async def process_shard(shard_id: str, pages: int, files: list[str]) -> T:  # noqa: ARG001 - shown in the UI
        return await work()

    return await process_shard(shard.shard_id, shard.page_count, list(shard.names[:NAMED_FILES]))
