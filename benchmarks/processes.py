"""What processes take: a command from its start to its end, and a server while it goes on."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Seconds that a process took with all its children; `began` is the machine's clock at its start."""

    wall: float
    cpu: float
    began: float = 0.0


def measured(words: Sequence[str], env: Mapping[str, str]) -> Cost:
    """Run a command to its end."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(words, env=env, check=True, capture_output=True)  # noqa: S603 - our own command
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, began)


def median(costs: Sequence[Cost]) -> Cost:
    """Take the middle of each."""
    return Cost(statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs))


def group_cpu(group: int) -> float:
    """CPU seconds that the processes of a group have taken so far, with those of their children that have ended."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended while we looked
            fields = path.read_text().rpartition(")")[2].split()
            ticks += sum(map(int, fields[11:15])) * (int(fields[2]) == group)
    return ticks / os.sysconf("SC_CLK_TCK")
