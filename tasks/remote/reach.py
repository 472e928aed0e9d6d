"""What a run needs to read what lies elsewhere as if it lay here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from schemas.addresses import lies_below, scheme_of
from schemas.config import RunConfig
from schemas.documents import RejectedDocument, SourceFile
from tasks.ports import Workers
from tasks.remote.depot import Depot
from tasks.remote.fetching_workers import FetchingWorkers
from tasks.remote.listing import found_at
from tasks.remote.stores import Stores

_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Reach:
    """Workers that are given copies of what lies elsewhere, where the copies are, and the way there."""

    workers: Workers
    depot: Depot
    stores: Stores
    out: str

    def find(self, address: str) -> Iterator[SourceFile | RejectedDocument]:
        """Find the files at an address, but those of the output where it lies below."""
        found = found_at(address, self.stores)
        if scheme_of(self.out) is None or lies_below(address, self.out):
            return found
        return (each for each in found if not lies_below(_url(each), self.out))


@asynccontextmanager
async def open_reach(config: RunConfig, workers: Workers) -> AsyncIterator[Reach]:
    """Open it; nothing is connected to before it is read, and no copy outlives the block."""
    stores = Stores(allow_urls=config.allow_urls, allow_private=config.allow_private_urls)
    async with Depot(stores, config.fetch_mb * _MEGABYTE) as depot:
        yield Reach(FetchingWorkers(workers, depot), depot, stores, config.out)


def _url(found: SourceFile | RejectedDocument) -> str:
    file = found.file if isinstance(found, RejectedDocument) else found
    return file.url or ""
