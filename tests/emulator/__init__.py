"""An emulator of the DashScope service for this machine: what the product is proven against without a network.

`Emulator` runs it in a thread; `python -m tests.emulator` as a process of its own.
"""

from tests.emulator.limits import Quota
from tests.emulator.log import Call, Totals
from tests.emulator.server import Emulator
from tests.emulator.service import DEFAULT_KEY, Latency, Service

__all__ = ["DEFAULT_KEY", "Call", "Emulator", "Latency", "Quota", "Service", "Totals"]
