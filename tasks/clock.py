"""Time as it is."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """This machine's clocks. Whatever measures or waits asks the monotonic one, which nobody can set."""

    def monotonic(self) -> float:
        """Seconds, never backwards."""
        return time.monotonic()

    def now(self) -> datetime:
        """Wall time, UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
