"""Where copies of documents lie while they are read: in one folder of this run's own, bounded in bytes."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from schemas.documents import SourceFile
from schemas.errors import DocumentChanged, DocumentError, DocumentTooLarge
from tasks.remote.fetching import Fetched, fetch
from tasks.remote.stores import Stores

AT_ONCE = 8
"""Documents that are fetched at the same time."""
UNKNOWN_SIZE = 100_000_000
"""Bytes set aside for a document whose size its store does not say; a larger one of these is not read."""
_PREFIX = "pagemill-fetched-"


class Depot:
    """Holds copies of documents that lie elsewhere, *limit_bytes* of them at most.

    A copy that nobody reads stays until its room is needed, because pages of a document come one after another, or
    until `forget`. Everything goes when the depot is closed; what a killed process left goes when the next one starts.
    """

    def __init__(self, stores: Stores, limit_bytes: int) -> None:
        self._stores = stores
        self._limit = limit_bytes
        self._copies: OrderedDict[str, _Copy] = OrderedDict()
        self._left: dict[str, tuple[SourceFile, int]] = {}
        self._held = 0
        self._serial = 0
        self._turn = asyncio.Lock()
        self._freed = asyncio.Event()
        self._stop = threading.Event()
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="fetch")
        self._folder: _OwnFolder | None = None

    @property
    def room_for_unknown(self) -> int:
        """Bytes set aside for a document of unknown size."""
        return min(UNKNOWN_SIZE, self._limit)

    @asynccontextmanager
    async def copy(self, file: SourceFile, doc_id: str | None = None) -> AsyncIterator[SourceFile]:
        """Give a copy of *file*, as a file of this machine, for as long as the block runs.

        Raises:
            DocumentError: if it cannot be had, or its content is no longer that of *doc_id*.
            OutputFault: if there is no room for it on this machine.
        """
        copy = self._copies.get(_key(file))
        if copy is None:
            copy = self._copies[_key(file)] = _Copy(self, file)
        self._copies.move_to_end(_key(file))
        async with copy.used() as fetched:
            if doc_id is not None and fetched.digest != doc_id:
                copy.forgotten = True
                msg = "other bytes stand there than when it was identified"
                raise DocumentChanged(msg)
            yield fetched.file

    def forget(self, file: SourceFile) -> None:
        """Delete the copy of a document that is read, once nobody reads it any more."""
        copy = self._copies.get(_key(file))
        if copy is not None:
            copy.forgotten = True
            self.drop_if_free(copy)

    def expect(self, file: SourceFile, pages: int) -> None:
        """Take note of how many pages of a document will be read; after the last of them its copy is deleted."""
        if file.url is not None:
            self._left[file.source] = (file, pages)
            self.done(file.source, 0)

    def done(self, source: str, pages: int) -> None:
        """Take note of pages that were read."""
        if source in self._left:
            file, left = self._left.pop(source)
            if left <= pages:
                self.forget(file)
            else:
                self._left[source] = (file, left - pages)

    async def aclose(self) -> None:
        """Delete every copy."""
        self._stop.set()
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        if self._folder is not None:
            await asyncio.to_thread(self._folder.close)

    async def __aenter__(self) -> Self:
        """Give the depot itself; nothing is made before the first copy."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Delete every copy."""
        await self.aclose()

    async def fetched(self, file: SourceFile, room: int) -> Fetched:
        """Fetch a document into the folder; *room* bytes were set aside for it."""
        if self._folder is None:
            self._folder = _OwnFolder()
        self._serial += 1
        # A name of its own each time: workers keep documents open by path.
        target = self._folder.path / f"{self._serial}"
        run = asyncio.get_running_loop().run_in_executor
        return await run(self._threads, lambda: fetch(file, self._stores, target, most=room, stop=self._stop))

    async def set_aside(self, room: int) -> None:
        """Wait until *room* bytes are free, and take them; first come, first served.

        Raises:
            DocumentTooLarge: if there will never be so much.
        """
        if room > self._limit:
            msg = f"its {room / 1e6:,.0f} MB are more than are fetched at once (--fetch-mb {self._limit // 1_000_000})"
            raise DocumentTooLarge(msg)
        async with self._turn:
            while self._held + room > self._limit:
                if not self._dropped_oldest():
                    self._freed.clear()
                    await self._freed.wait()
            self._held += room

    def give_back(self, room: int) -> None:
        """Let others have *room* bytes."""
        self._held -= room
        self._freed.set()

    def drop_if_free(self, copy: _Copy) -> None:
        """Delete a copy that nobody uses and nobody will."""
        if copy.users == 0 and copy.forgotten:
            if self._copies.get(_key(copy.source)) is copy:
                del self._copies[_key(copy.source)]
            copy.delete()
        self._freed.set()

    def _dropped_oldest(self) -> bool:
        """Delete the copy that was not used for the longest time, if one is not in use now."""
        oldest = next((copy for copy in self._copies.values() if copy.users == 0), None)
        if oldest is None:
            return False
        oldest.forgotten = True
        self.drop_if_free(oldest)
        return True


class _Copy:
    """A copy of one document: fetched when it is first used, and again if that failed or was cut short."""

    def __init__(self, depot: Depot, source: SourceFile) -> None:
        self.source = source
        self.users = 0
        self.forgotten = False
        self._depot = depot
        self._room = 0
        self._fetched: Fetched | None = None
        self._fault: DocumentError | None = None
        self._fetching = asyncio.Lock()

    @asynccontextmanager
    async def used(self) -> AsyncIterator[Fetched]:
        """Keep it while the block runs."""
        self.users += 1
        try:
            async with self._fetching:
                if self._fault is not None:  # whoever waited for it need not find out anew
                    raise self._fault
                if self._fetched is None:
                    self._fetched = await self._fetch()
            yield self._fetched
        finally:
            self.users -= 1
            self.forgotten = self.forgotten or self._fetched is None
            self._depot.drop_if_free(self)

    async def _fetch(self) -> Fetched:
        room = self.source.size_bytes or self._depot.room_for_unknown
        try:
            await self._depot.set_aside(room)
            try:
                fetched = await self._depot.fetched(self.source, room)
            except BaseException:
                self._depot.give_back(room)
                raise
        except DocumentError as fault:
            self._fault = fault
            raise
        self._room = fetched.file.size_bytes
        self._depot.give_back(room - self._room)
        return fetched

    def delete(self) -> None:
        """Delete it, and give back its room."""
        if self._fetched is not None:
            with suppress(OSError):
                Path(self._fetched.file.path).unlink()
        self._fetched = None
        self._depot.give_back(self._room)
        self._room = 0


class _OwnFolder:
    """A folder for this process alone, deleted with it; those of dead processes are deleted when one is made."""

    def __init__(self) -> None:
        self._sweep()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(self._handle, fcntl.LOCK_EX)
        if not self.path.exists():  # swept between its making and its lock, and the lock is on nothing
            self.path.mkdir(mode=0o700)

    def close(self) -> None:
        """Delete it."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._handle)

    @staticmethod
    def _sweep() -> None:
        for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
            with suppress(OSError):
                handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
                try:
                    if os.fstat(handle).st_uid == os.getuid():
                        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                        shutil.rmtree(folder, ignore_errors=True)
                finally:
                    os.close(handle)


def _key(file: SourceFile) -> str:
    return f"{file.url}\0{file.version}\0{file.size_bytes}\0{file.mtime_ns}"
