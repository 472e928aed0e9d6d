"""When to ask again, and when to let it be: the one layer that retries."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type

from schemas.errors import CallTimeout, ThrottledCall, TransientCallError
from tasks.ports import Clock


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a request is asked at most, and for how many seconds after its first failure.

    Between two attempts lies a random time of up to `first` seconds, doubled with each failure, up to `longest`:
    with full jitter those that failed together do not come back together.
    """

    attempts: int = 4
    seconds: float = 900.0
    first: float = 1.0
    longest: float = 60.0

    def retrying(self, trial: Trial, sleep: Callable[[float], Awaitable[None]]) -> AsyncRetrying:
        """Make the loop that asks until there is an answer, or no hope of one."""
        return AsyncRetrying(
            retry=retry_if_exception_type(TransientCallError),
            after=trial.count,
            wait=trial.wait,
            stop=trial.is_over,
            sleep=sleep,
            reraise=True,
        )


class Trial:
    """What was tried for one request so far."""

    def __init__(self, patience: Patience, clock: Clock) -> None:
        self._patience = patience
        self._clock = clock
        self._tries = 0
        self._failures = 0
        self._timeouts = 0
        self._failing_since: float | None = None

    @property
    def attempt(self) -> int:
        """The number of the present attempt, from 1. Throttling never costs one."""
        return self._failures + 1

    @property
    def is_first(self) -> bool:
        """Whether nothing was tried yet."""
        return self._tries == 0

    def count(self, state: RetryCallState) -> None:
        """Count a failure by its kind."""
        if self._failing_since is None:
            self._failing_since = self._clock.monotonic()
        error = _error(state)
        self._tries += 1
        self._failures += not isinstance(error, ThrottledCall)
        self._timeouts += isinstance(error, CallTimeout)

    def wait(self, state: RetryCallState) -> float:
        """Draw the seconds to wait. A throttled call waits where all calls do, at the limiter."""
        if isinstance(_error(state), ThrottledCall):
            return 0.0
        bound = min(self._patience.longest, self._patience.first * 2 ** (self._failures - 1))
        return random.uniform(0, bound)

    def is_over(self, state: RetryCallState) -> bool:
        """Whether to give up. A second time-out ends it: each may have been billed."""
        since = self._clock.monotonic() if self._failing_since is None else self._failing_since
        elapsed = self._clock.monotonic() + state.upcoming_sleep - since
        return self._failures >= self._patience.attempts or self._timeouts > 1 or elapsed > self._patience.seconds


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None
