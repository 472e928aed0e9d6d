"""Pictures of pages for a browser, drawn when they are asked for, in processes that can be killed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Self

from schemas.errors import DocumentError
from schemas.records import PageRecord
from tasks.picture import Box, Wanted, drawn_webp, sought
from tasks.workers import WorkerPool

MEMORY_MB = 2_048
SECONDS = 120.0
DPI = 130.0
QUALITY = 72
HELD_BYTES = 64_000_000
"""Pictures kept for going back and forth."""


class Pictures:
    """Draws pages from their files as they lie now. *max_side* bounds the longer side, in pixels."""

    def __init__(self, max_side: int, passwords: tuple[str, ...] = (), *, workers: int = 1) -> None:
        self._max_side = max_side
        self._passwords = passwords
        self._pool = WorkerPool(workers, MEMORY_MB)
        self._held: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def __enter__(self) -> Self:
        """Give the pictures themselves; the processes start with the first."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """End the processes."""
        self._pool.close()

    async def webp(self, page: PageRecord) -> bytes:
        """Draw a page.

        Raises:
            DocumentError: if the file is gone, holds other bytes than those that were read, or cannot be drawn.
        """
        key = (page.doc_id, page.page_no)
        if key not in self._held:
            self._hold(key, await self._pool.run(drawn_webp, self._wanted(page), QUALITY, seconds=SECONDS))
        self._held.move_to_end(key)
        return self._held[key]

    async def places(self, page: PageRecord, ways: Mapping[str, tuple[str, ...]]) -> dict[str, Sequence[Box]]:
        """Find values in the text layer of a page, each by the first of its *ways* to be written that stands there.

        Nothing is found where there is no layer, or the page cannot be opened.
        """
        if not any(ways.values()):
            return {}
        try:
            found = await self._pool.run(sought, self._wanted(page), list(ways.values()), seconds=SECONDS)
        except DocumentError:
            return {}
        return dict(zip(ways, found, strict=True))

    def _wanted(self, page: PageRecord) -> Wanted:
        return Wanted.of(page, DPI, self._max_side, self._passwords)

    def _hold(self, key: tuple[str, int], picture: bytes) -> None:
        self._held[key] = picture
        while sum(map(len, self._held.values())) > HELD_BYTES and len(self._held) > 1:
            self._held.popitem(last=False)
