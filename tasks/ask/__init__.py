"""A call's whole life: budget, permit, journal, send, keep, settle, and again if that can help."""

from tasks.ask.asker import Asker
from tasks.ask.patience import Patience

__all__ = ["Asker", "Patience"]
