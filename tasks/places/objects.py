"""An output below an address of a store: a file is one object, put whole under its name and never renamed."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from schemas.addresses import output_objection, tidy
from schemas.errors import OutputFault, RunError, UsageFault
from tasks.places.faults import PlaceFault, PlaceMissing, knows_no_condition, place_fault, was_taken
from tasks.places.patience import Waiting
from tasks.remote import Stores

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds
    from fsspec import AbstractFileSystem

T = TypeVar("T")

_CONDITIONAL = frozenset({"s3", "gs", "az", "abfs"})
"""Schemes whose libraries can write on the condition that nothing stands there yet."""
_BUGS = (TypeError, AttributeError, NameError, AssertionError)


class Objects:
    """An output in a store. May be used from several threads; its connections are opened when they are needed.

    *waiting* is for how long the store is waited for when it is away.

    Raises:
        UsageFault: if results cannot lie at such an address.
    """

    def __init__(self, address: str, *, waiting: Waiting | None = None) -> None:
        if (why := output_objection(address)) is not None:
            msg = f"--out: {why}"
            raise UsageFault(msg, advice="name a folder, or an address like s3://bucket/results")
        self.address = tidy(address)
        self._waiting = waiting or Waiting()
        self._stores = Stores()

    @property
    def name(self) -> str:
        """The last part of its address."""
        return PurePosixPath(self.address.partition("://")[2]).name

    def __str__(self) -> str:
        """Give its address."""
        return self.address

    def __eq__(self, other: object) -> bool:
        """Say whether it is the same place."""
        return isinstance(other, Objects) and other.address == self.address

    def __hash__(self) -> int:
        """Go with equality."""
        return hash(self.address)

    def at(self, name: str) -> str:
        """Give the address of what is in it."""
        return f"{self.address}/{name}"

    def prepare(self) -> None:
        """Make sure that the address is not that of an object.

        Raises:
            OutputFault: if it is, or the store does not let itself be asked.
        """
        if "/" not in self.address.partition("://")[2]:
            return  # a bucket
        try:
            found = self._do(lambda store, path: store.info(path))
        except FileNotFoundError:
            return
        if found.get("type") == "file" and found.get("size"):
            msg = f"{self} is an object, not a folder of objects"
            raise OutputFault(msg, advice="name the address that results are to lie below with --out")

    def sweep(self) -> None:
        """Do nothing: what was not put whole is not there."""

    def entries(self) -> list[str]:
        """List the names of what lies directly in it.

        Raises:
            OutputFault: if it cannot be listed.
        """
        return sorted({path.rpartition("/")[2] for path, _ in self._listed("")} - {""})

    def files(self, folder: str) -> Mapping[str, int]:
        """List the names of the objects directly below *folder*, sorted, each with its size in bytes.

        Raises:
            OutputFault: if they cannot be listed.
        """
        found = {path.rpartition("/")[2]: facts["size"] or 0 for path, facts in self._listed(folder) if _is_file(facts)}
        return dict(sorted(found.items()))

    def holds(self, name: str) -> bool:
        """Say whether an object of this name is in it.

        Raises:
            OutputFault: if that cannot be found out.
        """
        try:
            return _is_file(self._do(lambda store, path: store.info(path), name))
        except FileNotFoundError:
            return False

    def read(self, name: str, start: int = 0, end: int | None = None) -> bytes:
        """Read an object, or its bytes from *start* to before *end*, at once: all of one version.

        Raises:
            FileNotFoundError: if there is none.
            OutputFault: if it cannot be read.
        """
        content: bytes = self._do(lambda store, path: store.cat_file(path, start=start, end=end), name)
        return content

    @contextmanager
    def writing(self, name: str, *, once: bool = False) -> Iterator[BinaryIO]:
        """Give a file to write to; what was written becomes one object when the block ends well.

        Raises:
            OutputFault: if it cannot be put there; nothing is left behind under its name.
        """
        buffer = io.BytesIO()
        yield buffer
        self._put(name, buffer.getvalue(), once=once)

    def dataset(self, table: str, schema: pa.Schema) -> ds.Dataset:
        """Open a table to be scanned; one that is not there has no rows.

        Raises:
            OutputFault: if it cannot be listed.
        """
        from tasks.places.scanning import scanned

        return scanned(self, table, schema)

    def open_large(self, name: str, size: int, block: int) -> BinaryIO:
        """Open an object of *size* bytes to be read here and there, *block* bytes at once.

        Raises:
            FileNotFoundError: if there is none.
            OutputFault: if it cannot be opened.
        """
        opened: BinaryIO = self._do(
            lambda store, path: store.open(path, "rb", block_size=block, cache_type="readahead", size=size), name
        )
        return opened

    def _put(self, name: str, content: bytes, *, once: bool) -> None:
        scheme = self.address.partition("://")[0]

        def put(store: AbstractFileSystem, path: str) -> None:
            if once and scheme in _CONDITIONAL:
                try:
                    store.pipe_file(path, content, mode="create")
                except Exception as error:
                    if was_taken(error):
                        return
                    if not knows_no_condition(error):
                        raise
                else:
                    return
            store.pipe_file(path, content)

        self._asked(put, name)  # of what is written only the bucket can be missing, and that is a fault

    def _listed(self, folder: str) -> list[tuple[str, Mapping[str, Any]]]:
        def ls(store: AbstractFileSystem, path: str) -> list[Mapping[str, Any]]:
            found: list[Mapping[str, Any]] = store.ls(path, detail=True)
            return [facts for facts in found if str(facts["name"]).strip("/") != path.strip("/")]

        try:
            found = self._do(ls, folder)
        except FileNotFoundError:
            return []
        return [(str(facts["name"]).rstrip("/"), facts) for facts in found]

    def _do(self, action: Callable[[AbstractFileSystem, str], T], name: str = "") -> T:
        """Do something with what stands in the store.

        Raises:
            FileNotFoundError: if nothing stands there.
            OutputFault: whatever else went wrong.
        """
        try:
            return self._asked(action, name)
        except PlaceMissing:
            raise FileNotFoundError(self.at(name)) from None

    def _asked(self, action: Callable[[AbstractFileSystem, str], T], name: str) -> T:
        """Ask something of the store, patiently.

        Raises:
            OutputFault: whatever went wrong, in words of our own.
        """
        address = self.at(name) if name else self.address

        def once() -> T:
            try:
                return action(*self._stores.at(address))
            except (RunError, *_BUGS):
                raise
            except Exception as error:
                raise place_fault(error) from error

        try:
            return self._waiting.patiently(once, str(self))
        except PlaceFault as fault:
            msg = f"{self} {fault}"
            raise type(fault)(msg, advice=fault.advice) from fault


def _is_file(facts: Mapping[str, Any]) -> bool:
    return facts.get("type") != "directory"
