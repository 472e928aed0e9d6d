"""What Prefect costs: the start of the command without it, with a server, with the embedded one; a shard; a long run.

    python -m benchmarks.prefect_overhead [--documents 60] [--repeat 3] [--pages 20000] [--json figures.json]

The server is a process of its own on loopback, set as docs/scheduling.md says. For starts and shards the work is made
documents of one page, read from their text layer; a shard is one page there, so that shards are many, and what one
costs with Prefect, less what it costs without, is Prefect's. CPU time is what is compared: it does not grow with what
else the machine does, as wall time does.

The long run asks an emulated service, without Prefect and then with it, and is held against the least that it can take
(`benchmarks/whole_runs.py`). Calls in flight and their latency are chosen so that the machine keeps up without effort:
32 pages a second, which take a quarter of a core.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TypeVar

import pymupdf

from benchmarks.processes import Cost, group_cpu, measured, median
from benchmarks.whole_runs import Load, cards, whole_run
from tests.prefect.serving import PrefectServer, prefect_server

Env = Mapping[str, str]
T = TypeVar("T")

IDLE = 30.0
"""Seconds over which a server is watched while it has nothing to do."""
TEXT = "Invoice number {}: the total is 41.20 EUR, to be paid in March of the year that follows."


def documents(folder: Path, count: int) -> Path:
    """Make documents of one page with a text layer."""
    folder.mkdir()
    for number in range(count):
        with pymupdf.open() as document:
            document.new_page(width=300, height=200).insert_text((10, 80), TEXT.format(number), fontsize=7)
            document.save(folder / f"{number:05}.pdf")
    return folder


def command(source: Path, out: Path, *more: str) -> list[str]:
    """Read a folder, a page a shard."""
    fixed = ["--out", str(out), "--backend", "local", "--workers", "1", "--shard-pages", "1", "--quiet"]
    return [sys.executable, "-m", "flows.cli", "run", str(source), *fixed, *more]


def guide_settings() -> dict[str, str]:
    """Read what the guide has a server set."""
    guide = Path(__file__).parents[1] / "docs" / "scheduling.md"
    block = re.search(r"^```bash server\n(.*?)^```$", guide.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    return dict(re.findall(r"^export (PREFECT_SERVER_\w+)=(\S+)$", block[1], re.MULTILINE)) if block else {}


def settled(server: PrefectServer) -> float:
    """Wait until a server has recorded what it was told, and give its CPU seconds."""
    rows = -1
    while (now := sum(server.rows(f"select count(*) from {table}")[0][0] for table in ("events", "task_run"))) != rows:  # noqa: S608
        rows = now
        time.sleep(6)
    return group_cpu(server.pid)


def idle_rate(server: PrefectServer) -> float:
    """CPU seconds a second that a server takes while nobody asks it anything."""
    before, began = settled(server), time.monotonic()
    time.sleep(IDLE)
    return (group_cpu(server.pid) - before) / (time.monotonic() - began)


class Watched:
    """A server, and what it takes for runs beyond what it takes while idle."""

    def __init__(self, server: PrefectServer) -> None:
        self.server = server
        self.idle = idle_rate(server)

    def during(self, work: Callable[[], T]) -> tuple[T, float, float]:
        """Do some work; give what came of it, the server's CPU seconds for it, and those it takes anyhow."""
        before, began = settled(self.server), time.monotonic()
        done = work()
        taken = settled(self.server) - before
        idle = min(self.idle * (time.monotonic() - began), taken)
        return done, taken - idle, idle


def starts_and_shards(count: int, repeat: int, home: Path, bare: Env, watched: Watched) -> dict[str, object]:
    """Measure the start of the command, and what a shard costs."""
    embedded, remote = {**bare, "PREFECT_HOME": str(home / "embedded")}, watched.server.environment
    one, many = documents(home / "one", 1), documents(home / "many", count)
    starts: dict[str, list[Cost]] = {"without": [], "embedded": [], "server": []}
    fills: dict[str, list[Cost]] = {"without": [], "server": []}
    first = measured(command(one, home / "first", "--prefect"), embedded)
    of_start, of_fill = [], []
    for turn in range(repeat):
        starts["without"].append(measured(command(one, home / f"without-{turn}"), bare))
        starts["embedded"].append(measured(command(one, home / f"embedded-{turn}", "--prefect"), embedded))
        cost, own, _ = watched.during(lambda turn=turn: measured(command(one, home / f"server-{turn}"), remote))
        starts["server"].append(cost)
        of_start.append(own)
        fills["without"].append(measured(command(many, home / f"without-many-{turn}"), bare))
        cost, own, _ = watched.during(lambda turn=turn: measured(command(many, home / f"server-many-{turn}"), remote))
        fills["server"].append(cost)
        of_fill.append(own)
    start, fill = ({name: median(costs) for name, costs in kind.items()} for kind in (starts, fills))
    own = (fill["server"].cpu - start["server"].cpu) - (fill["without"].cpu - start["without"].cpu)
    return {
        "documents": count,
        "repeat": repeat,
        "embedded, first start in a new home": asdict(first),
        "start": {name: asdict(cost) for name, cost in start.items()},
        "run": {name: asdict(cost) for name, cost in fill.items()},
        "client_ms_a_shard": 1_000 * own / (count - 1),
        "server_ms_a_shard": 1_000 * (statistics.median(of_fill) - statistics.median(of_start)) / (count - 1),
        "server_s_a_run": statistics.median(of_start),
        "server_idle_ms_a_second": 1_000 * watched.idle,
    }


def at_scale(load: Load, home: Path, bare: Env, watched: Watched) -> dict[str, object]:
    """Measure a long run without Prefect, and then the same with it."""
    source, remote = cards(home / "cards", load.pages), watched.server.environment
    without = whole_run(source, home / "without", load, bare)
    run, own, idle = watched.during(lambda: whole_run(source, home / "watched", load, remote))
    return {
        **asdict(load),
        "ideal": load.ideal,
        "without": asdict(without),
        "server": asdict(run),
        "wall, with a server over without": run.wall / without.wall,
        "server_cpu_ms_a_page": 1_000 * own / load.pages,
        "server_idle_ms_a_page": 1_000 * idle / load.pages,
        "load average": os.getloadavg(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--pages", type=int, default=20_000, help="of the long run; 0 leaves it out")
    parser.add_argument("--in-flight", type=int, default=192)
    parser.add_argument("--latency", type=float, default=6.0)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")} | {
        "DO_NOT_TRACK": "1"
    }
    load, found = Load(given.pages, given.in_flight, given.latency), {"load average": os.getloadavg()}
    with (
        tempfile.TemporaryDirectory() as place,
        prefect_server(Path(place) / "server", settings=guide_settings()) as server,
    ):
        watched = Watched(server)
        if given.documents:
            found |= starts_and_shards(given.documents, given.repeat, Path(place), bare, watched)
        if given.pages:
            found["whole run"] = at_scale(load, Path(place), bare, watched)
    told = json.dumps(found, indent=2)
    print(told)
    if given.json:
        given.json.write_text(told)


if __name__ == "__main__":
    main()
