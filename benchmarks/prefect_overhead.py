"""What Prefect costs: the start of the command without it, with a server, with the embedded one; and each shard.

    python -m benchmarks.prefect_overhead [--documents 60] [--repeat 3] [--json figures.json]

The work is made documents of one page, read from their text layer. A shard is one page here, so that shards are many;
what a shard costs with Prefect, less what it costs without, is Prefect's. CPU time is what is compared: it does not
grow with what else the machine does, as wall time does.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import pymupdf

from tests.prefect.serving import PrefectServer, prefect_server

TEXT = "Invoice number {}: the total is 41.20 EUR, to be paid in March of the year that follows."


@dataclass(frozen=True)
class Cost:
    """Seconds that a process took with all its children."""

    wall: float
    cpu: float


def measured(words: list[str], env: dict[str, str]) -> Cost:
    """Run a command to its end."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(words, env=env, check=True, capture_output=True)  # noqa: S603 - our own command
    wall, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def median(costs: list[Cost]) -> Cost:
    """Take the middle of each."""
    return Cost(statistics.median(cost.wall for cost in costs), statistics.median(cost.cpu for cost in costs))


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


def server_cpu(server: PrefectServer) -> float:
    """CPU seconds that a server, a process group of its own, has taken so far."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended while we looked
            fields = path.read_text().rpartition(")")[2].split()
            ticks += (int(fields[11]) + int(fields[12])) * (int(fields[2]) == server.pid)
    return ticks / os.sysconf("SC_CLK_TCK")


def settled(server: PrefectServer) -> float:
    """Wait until a server has recorded what it was told, and give its CPU seconds."""
    rows = -1
    while (now := sum(server.rows(f"select count(*) from {table}")[0][0] for table in ("events", "task_run"))) != rows:  # noqa: S608
        rows = now
        time.sleep(6)
    return server_cpu(server)


def figures(count: int, repeat: int, home: Path) -> dict[str, object]:
    """Measure everything."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")} | {
        "DO_NOT_TRACK": "1"
    }
    embedded = bare | {"PREFECT_HOME": str(home / "embedded")}
    one, many = documents(home / "one", 1), documents(home / "many", count)
    started: dict[str, list[Cost]] = {"without": [], "embedded": [], "server": []}
    filled: dict[str, list[Cost]] = {"without": [], "server": []}
    with prefect_server(home / "server") as server:
        first = measured(command(one, home / "first", "--prefect"), embedded)
        before = settled(server)
        for turn in range(repeat):
            for name, env, more in (
                ("without", bare, ()),
                ("embedded", embedded, ("--prefect",)),
                ("server", server.environment, ()),
            ):
                started[name].append(measured(command(one, home / f"{name}-{turn}", *more), env))
        idle = settled(server)
        for turn in range(repeat):
            for name, env in (("without", bare), ("server", server.environment)):
                filled[name].append(measured(command(many, home / f"{name}-many-{turn}"), env))
        busy = settled(server)
    starts, fills = ({name: median(costs) for name, costs in kind.items()} for kind in (started, filled))
    own = (fills["server"].cpu - starts["server"].cpu) - (fills["without"].cpu - starts["without"].cpu)
    return {
        "documents": count,
        "repeat": repeat,
        "embedded, first start in a new home": asdict(first),
        "start": {name: asdict(cost) for name, cost in starts.items()},
        "run": {name: asdict(cost) for name, cost in fills.items()},
        "client_ms_a_shard": 1_000 * own / (count - 1),
        "server_ms_a_shard": 1_000 * (busy - idle) / (repeat * count),
        "server_s_a_run": (idle - before) / repeat,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        told = json.dumps(figures(given.documents, given.repeat, Path(home)), indent=2)
    print(told)
    if given.json:
        given.json.write_text(told)


if __name__ == "__main__":
    main()
