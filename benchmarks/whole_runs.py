"""Whole runs against a service that answers after a fixed time, held against what they can take at best.

At best a run takes *pages x latency / in flight*: no start, no end, no page that a call waits for. The emulated
service is a process of its own and allows any rate, so that nothing else is in the way.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import Cost, measured
from tests.emulator import DEFAULT_KEY
from tests.mill import card

FRAMES = 50


@dataclass(frozen=True)
class Load:
    """So many pages, so many of them in flight, each answered after so many seconds."""

    pages: int
    in_flight: int
    latency: float

    @property
    def ideal(self) -> float:
        """Seconds that a run takes at best."""
        return self.pages * self.latency / self.in_flight


@dataclass(frozen=True)
class WholeRun:
    """What a run took. Seconds, but where the name says otherwise; `in_flight` is of its calls, on average."""

    wall: float
    of_ideal: float
    before_the_first_call: float
    after_the_last_answer: float
    in_flight: float
    cpu_ms_a_page: float
    shards: int


def cards(folder: Path, pages: int) -> Path:
    """Make small pictures, fifty pages a file."""
    folder.mkdir()
    for number in range(-(-pages // FRAMES)):
        frames = min(FRAMES, pages - number * FRAMES)
        card(folder / f"{number:05}.tiff", f"card {number}", frames=frames)
    return folder


def whole_run(source: Path, out: Path, load: Load, env: Mapping[str, str]) -> WholeRun:
    """Run the command over a folder, and see by the service's own log how well it was used."""
    with service(load.latency) as address:
        words = ["run", str(source), "--out", str(out), "--backend", "dashscope", "--base-url", address, "--quiet"]
        pace = ["--rpm", "60000", "--tpm", "1000000000", "--in-flight", str(load.in_flight), "--workers", "1"]
        cost = measured([sys.executable, "-m", "flows.cli", *words, *pace], {**env, "DASHSCOPE_API_KEY": DEFAULT_KEY})
        calls = asked(address)
    if len(calls) != load.pages:
        sys.exit(f"{load.pages} pages were asked in {len(calls)} calls")
    return _seen(cost, calls, load, len(list((out / "pages").glob("*.parquet"))))


def _seen(cost: Cost, calls: list[dict[str, Any]], load: Load, shards: int) -> WholeRun:
    first, last = min(call["started"] for call in calls), max(call["ended"] for call in calls)
    return WholeRun(
        wall=cost.wall,
        of_ideal=cost.wall / load.ideal,
        before_the_first_call=first - cost.began,
        after_the_last_answer=cost.began + cost.wall - last,
        in_flight=sum(call["ended"] - call["started"] for call in calls) / (last - first),
        cpu_ms_a_page=1_000 * cost.cpu / load.pages,
        shards=shards,
    )


@contextmanager
def service(latency: float) -> Iterator[str]:
    """Start the emulated service; yields its address."""
    command = [sys.executable, "-m", "tests.emulator", "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:  # noqa: S603 - ours
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def asked(address: str) -> list[dict[str, Any]]:
    """Fetch the log of the service. Its clock is the machine's, and so is ours."""
    with urllib.request.urlopen(address.replace("/api/v1", "/control/calls"), timeout=600) as answer:  # noqa: S310 - ours
        calls: list[dict[str, Any]] = json.load(answer)
    return calls
