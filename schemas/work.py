"""Work as it is cut: requests, and the shards that commit them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from schemas.requests import ModelRequest


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """A request that is to become rows. `duplicate_of` names the file of the same bytes that carries its cost."""

    request: ModelRequest
    duplicate_of: str | None = None

    @property
    def source(self) -> str:
        """The file that the rows are about."""
        return self.request.span.document.file.source

    @property
    def page_count(self) -> int:
        """Pages in it."""
        return len(self.request.span.page_nos)


@dataclass(frozen=True)
class Shard:
    """The unit of commit: its rows become one part, whole or not at all.

    `shard_id` is given when an existing part is to be written anew; else it is made of the requests themselves.
    """

    items: tuple[PlannedRequest, ...]
    existing_id: str | None = None

    @cached_property
    def shard_id(self) -> str:
        """Name the shard by what is in it: SHA-256 over files and requests, shortened to 32 hex digits."""
        return self.existing_id or shard_id_of(self.items)

    @property
    def page_count(self) -> int:
        """Pages in it."""
        return sum(item.page_count for item in self.items)

    @property
    def names(self) -> tuple[str, ...]:
        """The files in it, in order, each once."""
        return tuple(dict.fromkeys(item.request.span.document.file.name for item in self.items))


def shard_id_of(items: Sequence[PlannedRequest]) -> str:
    """Hash files and requests: never a position, so that adding one file does not move the others."""
    digest = hashlib.sha256()
    for item in items:
        digest.update(f"{item.source}\0{item.request.base_key}\n".encode())
    return digest.hexdigest()[:32]
