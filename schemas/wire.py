"""One send over the wire, as the transport saw it: the grain of all accounting."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

NOT_SENT = "NotSent"
"""The code of a call that failed before anything left this machine, and so cannot have been billed."""


@dataclass(frozen=True, slots=True)
class WireSend:
    """One HTTP request that left this machine, whatever came of it. Times are UTC."""

    started_at: datetime
    first_byte_at: datetime | None = None
    ended_at: datetime | None = None
    status: int | None = None
