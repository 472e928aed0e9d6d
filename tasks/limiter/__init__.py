"""Pace: requests a minute, tokens a minute and calls in flight, over every kind of call of a process."""

from tasks.limiter.limiter import Limiter
from tasks.limiter.permit import Permit
from tasks.limiter.unpaced import Unpaced

__all__ = ["Limiter", "Permit", "Unpaced"]
