"""One dimension of a rate: how much was sent beyond what time has paid for."""

from __future__ import annotations

HEADROOM = 0.995
"""Share of the nominal rate that is aimed at, so that two clocks that differ a little do not quarrel."""
SLACK = 0.1
"""Seconds of rate that may be caught up after a late wake-up. Without it every delay would be lost for good."""
_ROUNDING = 1e-9


class Meter:
    """A debt that time pays off. A send may leave when nothing is owed, however large it is.

    So a send larger than a second's worth passes alone and borrows from the future, and in any *t* seconds no more
    leaves than the rate times *t* + `SLACK`, and one send.
    """

    def __init__(self) -> None:
        self.owed = 0.0

    def pass_time(self, seconds: float, rate: float) -> None:
        """Pay off what the rate allows for these seconds."""
        self.owed = max(self.owed - seconds * rate, -SLACK * rate)

    def delay(self, rate: float) -> float:
        """Seconds until the next send may leave at this rate."""
        return self.owed / rate if self.owed > _ROUNDING * rate else 0.0

    def charge(self, amount: float) -> None:
        """Owe for a send; a negative amount corrects an estimate that was too high."""
        self.owed += amount
