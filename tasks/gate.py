"""Back-pressure: rendered pages that wait to be sent are bounded in bytes, not in number."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class ByteGate:
    """A weighted semaphore, first come, first served. An item larger than the limit passes alone."""

    def __init__(self, limit_bytes: int) -> None:
        if limit_bytes < 1:
            msg = f"a gate of {limit_bytes} bytes lets nothing through"
            raise ValueError(msg)
        self._limit = limit_bytes
        self._held = 0
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    @property
    def held(self) -> int:
        """Bytes inside now."""
        return self._held

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[None]:
        """Wait until *size* bytes have room, and hold it as long as the block runs."""
        await self._enter(size)
        try:
            yield
        finally:
            self._leave(size)

    async def _enter(self, size: int) -> None:
        if not self._waiting and self._fits(size):
            self._held += size
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((turn, size))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # let in and cancelled at the same moment
                self._leave(size)
            else:
                self._let_in()  # whoever stood behind may fit
            raise

    def _leave(self, size: int) -> None:
        self._held -= size
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting:
            turn, size = self._waiting[0]
            if not turn.done():
                if not self._fits(size):
                    return
                self._held += size
                turn.set_result(None)
            self._waiting.popleft()

    def _fits(self, size: int) -> bool:
        return self._held == 0 or self._held + size <= self._limit
