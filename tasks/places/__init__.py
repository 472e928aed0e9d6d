"""Where an output lies: a folder of this machine, or objects below an address of a store.

    place = place_at("s3://bucket/results")
    with place.writing("manifest.json") as file:    # whole under its name once the block ends well
        file.write(b"{}")
    place.dataset("pages", schema)                   # scanned with pushed-down columns and filters

Everything that touches an output and is not a part of a table goes through this port; parts go through a sink.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

from schemas.addresses import scheme_of
from tasks.places.folder import Folder
from tasks.places.objects import Objects
from tasks.places.patience import AN_OUTAGE, Waiting

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds

__all__ = ["AN_OUTAGE", "Folder", "Objects", "Place", "Waiting", "Where", "place_at"]


class Place(Protocol):
    """Where an output lies. Names of what is in it are parted by slashes."""

    @property
    def name(self) -> str:
        """What people call it: the last part of its path or address."""
        ...

    def __str__(self) -> str:
        """Give its path or address."""
        ...

    def at(self, name: str) -> str:
        """Give the path or address of what is in it."""
        ...

    def prepare(self) -> None:
        """Make sure that results can lie here, as far as that can be told without writing any.

        Raises:
            OutputFault: if they cannot.
        """
        ...

    def sweep(self) -> None:
        """Delete what writers that died have left half done."""
        ...

    def entries(self) -> list[str]:
        """List the names of what lies directly in it, sorted; a place that is not there yet holds nothing.

        Raises:
            OutputFault: if it cannot be listed.
        """
        ...

    def holds(self, name: str) -> bool:
        """Say whether a file of this name is in it.

        Raises:
            OutputFault: if that cannot be found out.
        """
        ...

    def read(self, name: str) -> bytes:
        """Read a file of it, whole.

        Raises:
            FileNotFoundError: if there is none.
            OutputFault: if it cannot be read.
        """
        ...

    def writing(self, name: str, *, once: bool = False) -> AbstractContextManager[BinaryIO]:
        """Give a file to write to, which is whole under its name when the block ends well, and else not there.

        What is written *once* leaves a file alone that stands there: of two writers the first one wins.

        Raises:
            OutputFault: if it cannot be written; nothing is left behind.
        """
        ...

    def dataset(self, table: str, schema: pa.Schema) -> ds.Dataset:
        """Open a table to be scanned; one that is not there has no rows.

        Raises:
            OutputFault: if it cannot be listed.
        """
        ...


Where = str | os.PathLike[str] | Folder | Objects
"""How an output is named: by its path, its address, or the place itself."""


def place_at(where: Where, waiting: Waiting | None = None) -> Folder | Objects:
    """Give the place of that name. Nothing is opened or made. *waiting* is for a store that is away.

    Raises:
        UsageFault: if results cannot lie at such an address.
    """
    if isinstance(where, Folder | Objects):
        return where
    text = os.fspath(where)
    return Objects(text, waiting=waiting) if scheme_of(text) is not None else Folder(Path(where))
