"""How many shards are worked on at once: as many as it takes that no call waits for a page."""

from __future__ import annotations

import asyncio


class Window:
    """Counts the pages of the shards that are open, and tells when another shard is needed.

    Shards differ in size, and what is left of one can be a single page that takes minutes. So it is pages that are
    counted: another shard is let in while fewer than *enough* pages are unread. Pages that are read wait in memory for
    the last one of their shard; while *most* pages are held, read or not, none is let in but into an empty window.
    """

    def __init__(self, *, enough: int, most: int) -> None:
        self._enough = enough
        self._most = most
        self._moved = asyncio.Event()
        self.unread = 0
        """Pages of open shards that have no row yet."""
        self.held = 0
        """Pages of open shards."""

    @property
    def has_room(self) -> bool:
        """Whether another shard is to be let in."""
        return not self.held or (self.unread < self._enough and self.held < self._most)

    async def room(self) -> None:
        """Wait until another shard is to be let in."""
        while not self.has_room:
            self._moved.clear()
            await self._moved.wait()

    def enter(self, pages: int) -> Place:
        """Let a shard of so many pages in."""
        self._move(held=pages, unread=pages)
        return Place(self, pages)

    def _move(self, *, held: int, unread: int) -> None:
        self.held += held
        self.unread += unread
        self._moved.set()


class Place:
    """The place of one shard in the window."""

    def __init__(self, window: Window, pages: int) -> None:
        self._window = window
        self._pages = self._unread = pages

    def read(self, pages: int) -> None:
        """Take note of pages that have their rows."""
        self._unread -= pages
        self._window._move(held=0, unread=-pages)  # noqa: SLF001 - the two are one

    def leave(self) -> None:
        """Give the place up, with what was left unread."""
        self._window._move(held=-self._pages, unread=-self._unread)  # noqa: SLF001 - the two are one
        self._pages = self._unread = 0
