"""When the next call may leave: a state machine that is told the time and never looks at a clock."""

from __future__ import annotations

import math
from typing import NamedTuple

from schemas.models import Limits
from tasks.limiter.meter import HEADROOM, Meter
from tasks.limiter.speed import Speed

GENTLE_START = 3.0
"""Requests a second to begin with."""
START_SHARE = 0.1
"""Share of the rate to begin with, where the rate is so high that a few a second would be a waste."""
RAMP = 30.0
"""Seconds from nothing to the full rate."""
PAUSE = 1.0
"""Seconds without a send after a refusal; doubles as long as the first send after it is refused as well."""
LONGEST_PAUSE = 60.0
RECENT = 100
"""Sends over which the share of refusals is averaged."""
STRAY = 0.06
"""Share of refusals among recent sends up to which they are single ones."""


class Sent(NamedTuple):
    """A call that left: when, what it was charged, and how many had left since the last cut."""

    at: float
    tokens: int
    nth: int


class Pace:
    """Requests a minute, tokens a minute and calls in flight, as far as each is limited."""

    def __init__(self, limits: Limits, now: float) -> None:
        self._requests = Meter()
        self._tokens = Meter()
        self._in_flight = 0
        self._at = now
        self._closed_until = -math.inf
        self._cut_at = -math.inf
        self._pause = PAUSE
        self._since_cut = 0
        self._refused = 0.0
        self._strays = False
        self._take(limits)
        self._speed = self._new_speed()

    @property
    def in_flight(self) -> int:
        """Calls that left and did not come back."""
        return self._in_flight

    @property
    def full(self) -> bool:
        """Whether as many calls are in flight as may be."""
        return self._in_flight >= self._limits.in_flight

    @property
    def speed(self) -> float:
        """The share of the rate that is used now; requests a second where no rate is known."""
        return self._speed.now

    @property
    def rates(self) -> tuple[float, float]:
        """Requests and tokens a second at the present speed; infinite where not limited."""
        return self._request_rate * self._speed.now, self._token_rate * self._speed.now

    def set_limits(self, limits: Limits, now: float) -> None:
        """Go on under other limits; from a speed that is no higher than it was, and up slowly from there."""
        self._pass_time(now)
        before = self.rates
        self._take(limits)
        self._speed = self._new_speed()
        known = [old / new for old, new in zip(before, self._full_rates, strict=True) if old < math.inf > new]
        self._speed.resume(max(known, default=0.0))

    def delay(self, now: float) -> float:
        """Seconds until the next call may leave, if one in flight need not come back first."""
        self._pass_time(now)
        requests, tokens = self.rates
        return max(self._closed_until - now, self._requests.delay(requests), self._tokens.delay(tokens), 0.0)

    def send(self, now: float, tokens: int) -> Sent:
        """Let a call leave that takes *tokens*, as far as is known."""
        self._pass_time(now)
        self._requests.charge(1)
        self._tokens.charge(tokens)
        self._speed.use(max(1 / self._request_rate, tokens / self._token_rate))
        self._in_flight += 1
        self._since_cut += 1
        self._refused *= 1 - 1 / RECENT
        return Sent(now, tokens, self._since_cut)

    def back(self, sent: Sent, tokens: int | None) -> None:
        """A call came back and had taken *tokens*; None is unknown, and stays as it was estimated."""
        self._in_flight -= 1
        if tokens is not None:
            self._tokens.charge(tokens - sent.tokens)

    def unsent(self, sent: Sent) -> None:
        """A call that was let go did not leave after all."""
        self.back(sent, 0)
        self._requests.charge(-1)

    def throttled(self, now: float, sent: Sent, retry_after: float | None) -> None:
        """A call was refused for being too early. What it would have taken was not taken.

        All refusals of calls that left before the speed was cut are one burst. Where single ones still come when the
        speed is a fraction of what it was, they come at any: a gateway is short of something, others use the account
        up. They are no reason to go slower then; cut for each of them, one in a hundred would end in a crawl.
        """
        self._pass_time(now)
        self.back(sent, 0)
        self._refused += 1 / RECENT
        if retry_after is not None:
            self._closed_until = max(self._closed_until, now + retry_after)
        if sent.at <= self._cut_at:
            return
        if sent.nth == 1:  # nothing at all passes: waiting helps, crawling does not
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        elif self._is_stray():
            self._speed.ease()
            return
        else:
            self._pause = PAUSE
            self._speed.cut()
        self._cut_at = now
        self._since_cut = 0
        self._closed_until = max(self._closed_until, now + self._pause)

    def _is_stray(self) -> bool:
        if self._strays and self._refused > STRAY:
            self._strays = False
            self._speed.believe()
        elif self._refused <= STRAY and self._speed.is_low:
            self._strays = True
        return self._strays

    def _take(self, limits: Limits) -> None:
        self._limits = limits
        requests, tokens = limits.requests_per_minute, limits.tokens_per_minute
        unknown = requests is None and tokens is None
        self._request_rate = 1.0 if unknown else HEADROOM * requests / 60 if requests else math.inf
        self._token_rate = HEADROOM * tokens / 60 if tokens else math.inf
        self._top = math.inf if unknown else 1.0

    def _new_speed(self) -> Speed:
        start = GENTLE_START if self._top == math.inf else min(1.0, max(START_SHARE, GENTLE_START / self._request_rate))
        return Speed(start=start, top=self._top, slope=1.0 if self._top == math.inf else 1 / RAMP)

    @property
    def _full_rates(self) -> tuple[float, float]:
        return self._request_rate, self._token_rate

    def _pass_time(self, now: float) -> None:
        seconds = now - self._at
        if seconds <= 0:
            return
        requests, tokens = self.rates
        self._requests.pass_time(seconds, requests)
        self._tokens.pass_time(seconds, tokens)
        self._speed.pass_time(seconds)
        self._at = now
