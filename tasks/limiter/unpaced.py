"""No pace at all, for a recognizer that runs on this machine."""

from __future__ import annotations

import asyncio

from schemas.usage import Usage


class _Pass:
    """Leave to go on, from a bound on calls in flight alone."""

    def __init__(self, room: asyncio.Semaphore) -> None:
        self._room: asyncio.Semaphore | None = room

    def _leave(self) -> None:
        room, self._room = self._room, None
        if room is not None:
            room.release()

    def settle(self, usage: Usage | None) -> None:
        """Tell that it was answered."""
        del usage
        self._leave()

    def throttled(self, retry_after: float | None, *, tokens: bool = False) -> None:
        """Tell that it was told to slow down."""
        del retry_after, tokens
        self._leave()

    def failed(self) -> None:
        """Tell that it failed."""
        self._leave()

    def unused(self) -> None:
        """Give it back."""
        self._leave()


class Unpaced:
    """Bounds calls in flight and nothing else."""

    def __init__(self, in_flight: int) -> None:
        self._room = asyncio.Semaphore(in_flight)

    async def permit(self, input_tokens: int = 0, *, kind: str = "") -> _Pass:
        """Wait for room."""
        del input_tokens, kind
        await self._room.acquire()
        return _Pass(self._room)
