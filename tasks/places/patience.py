"""Waiting for a store that is away: what can pass is tried again for a bounded time, and told of once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    sleep_using_event,
    stop_after_delay,
    stop_when_event_set,
    wait_random_exponential,
)

from tasks.places.faults import PlaceAway

T = TypeVar("T")

A_LOOK = 10.0
"""Seconds for which somebody waits who only looks at an output."""
AN_OUTAGE = 300.0
"""Seconds for which a run waits: its answers are kept meanwhile, and its rows are not written elsewhere."""
LONGEST_PAUSE = 15.0
_FIRST_PAUSE = 0.5


@dataclass(frozen=True)
class Waiting:
    """How long a store is waited for that is away, and who is told. `given_up` ends all waiting at once."""

    seconds: float | None = None
    tell: Callable[[str], None] | None = None
    given_up: threading.Event = field(default_factory=threading.Event)

    def patiently(self, action: Callable[[], T], where: str) -> T:
        """Do *action*, again and again while what it needs is away.

        Raises:
            PlaceAway: if it still was when the time was over.
        """
        seconds = A_LOOK if self.seconds is None else self.seconds
        longest = LONGEST_PAUSE

        def told(state: RetryCallState) -> None:
            if self.tell is not None and state.attempt_number == 1:
                why = state.outcome.exception() if state.outcome else None
                self.tell(f"{where} {why}; trying again for up to {seconds:,.0f} s, nothing is lost meanwhile")

        retrying = Retrying(
            stop=stop_after_delay(seconds) | stop_when_event_set(self.given_up),
            wait=wait_random_exponential(multiplier=min(_FIRST_PAUSE, longest), max=longest),
            retry=retry_if_exception_type(PlaceAway),
            sleep=sleep_using_event(self.given_up),
            before_sleep=told,
            reraise=True,
        )
        return retrying(action)
