"""How much of the allowed rate is used: slowly up, down once per burst of refusals, and creeping back."""

from __future__ import annotations

import math

CUT = 0.7
"""What is left of the speed after a burst of refusals."""
NEAR = 0.97
"""Share of the speed that was refused up to which it climbs back quickly."""
LOWER = 0.93
"""A refusal before the old speed was reached again says that the ceiling itself has come down by as much."""
EASE, LIFT = 0.93, 1.1
"""What becomes of the speed and of its ceiling after a refusal that no slower pace would have spared us."""
LOW = 0.4
"""Share of the highest ceiling below which a slower pace should long have helped, if the pace were the reason."""
CREEP = 0.01 / 60
"""Growth beyond that, of the ceiling a second, to begin with."""
CREEP_DOUBLES = 60.0
"""Seconds without a refusal in which the creeping doubles."""
MEMORY = 5.0
"""Seconds over which the used speed is averaged."""
LEAP = 1.25
"""The speed may not run further ahead of what is really sent: the service checks the growth of sends."""
FLOOR = 0.02
"""Share of the start that is always sent, to learn that the service answers again."""


class Speed:
    """A share of the configured rate; where none is configured, requests a second, found by asking.

    `start` is where it begins, `top` where it ends (1, or nowhere), `slope` its growth a second.
    """

    def __init__(self, *, start: float, top: float, slope: float) -> None:
        self.start = start
        self.top = top
        self.slope = slope
        self.now = start
        self.ceiling = math.inf
        self._creep = CREEP
        self._used = start
        self._stumbled = False
        self._highest = top if top < math.inf else 0.0

    @property
    def is_low(self) -> bool:
        """Whether refusals have brought it down to where it should long have been slow enough."""
        return self.ceiling < LOW * self._highest

    def pass_time(self, seconds: float) -> None:
        """Grow: straight up to near the ceiling, then creeping, faster the longer nothing is refused."""
        self._used *= math.exp(-seconds / MEMORY)
        if self.now < NEAR * self.ceiling:
            self.now = min(self.now + self.slope * seconds, NEAR * self.ceiling)
        else:
            self.now += self._creep * self.ceiling * seconds
            self._creep = min(self._creep * 2 ** min(seconds / CREEP_DOUBLES, 16), self.slope)
        self.now = min(self.now, self.top, self.start + LEAP * self._used)

    def resume(self, at: float) -> None:
        """Go on at a speed that was used until now, within these bounds."""
        self.now = self._used = min(max(at, self.start), self.top)

    def use(self, share: float) -> None:
        """Count a send that takes *share* seconds of the full rate."""
        self._used += share / MEMORY

    def ease(self) -> None:
        """Give way a little to a refusal that has nothing to do with the speed, and find back up."""
        self._highest = max(self._highest, self.now)
        self.now = max(EASE * self.now, FLOOR * self.start)
        self.ceiling *= LIFT

    def believe(self) -> None:
        """Take it that this speed is too high after all: only what is far below it is low from now on."""
        self._highest = self.now

    def cut(self) -> None:
        """Slow down after a refusal; the caller sees to it that a burst of refusals is one.

        The first one on the way up may only say that the way was too steep: no ceiling is drawn from it.
        """
        refused = min(self.now, max(LEAP * self._used, FLOOR * self.start))
        if self.ceiling == math.inf and self.now < self.top and not self._stumbled:
            self._stumbled, self.slope = True, self.slope / 2
        else:
            self.ceiling = refused * (LOWER if refused < self.ceiling < math.inf else 1.0)
            self._highest = max(self._highest, self.ceiling)
        self.now = max(CUT * refused, FLOOR * self.start)
        self._creep = CREEP
