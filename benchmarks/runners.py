"""What a share of a backfill costs when Dask or Ray carries it, beside what it costs in the command's own process.

    python -m benchmarks.runners [--shares 24] [--runner dask] [--json figures.json]

The work is made documents of one page, read from their text layer, one to a share: what many shares cost, less what
few do, is the shares'. CPU time is what is compared, of the command and every process below it; the Prefect server's is
told beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.prefect_overhead import documents, settled
from tests.prefect.serving import prefect_server
from tests.prefect.yard import descendants

FEW = 4
LOOK = 0.1
"""Seconds between two looks at what the processes have taken; a process's last tenth is not seen."""


@dataclass(frozen=True)
class Cost:
    """Seconds that a command took with all processes below it."""

    wall: float
    cpu: float


def measured(words: list[str], env: dict[str, str]) -> Cost:
    """Run a command to its end, looking at its processes; those of Ray are nobody's children when they end."""
    began, taken = time.monotonic(), {}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:  # noqa: S603
        while process.poll() is None:
            for pid in [process.pid, *descendants(process.pid)]:
                with suppress(OSError, IndexError):  # it ended while we looked
                    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                    taken[pid, fields[19]] = int(fields[11]) + int(fields[12])
            time.sleep(LOOK)
        assert process.returncode == 0, process.stdout and process.stdout.read()
    return Cost(time.monotonic() - began, sum(taken.values()) / os.sysconf("SC_CLK_TCK"))


def command(source: Path, out: Path, *more: str) -> list[str]:
    """Read a folder, a page a share."""
    fixed = ["--out", str(out), "--backend", "local", "--workers", "1", "--quiet"]
    shares = ["--shard-pages", "1", "--shards-per-run", "1"]
    return [sys.executable, "-m", "flows.cli", "backfill", str(source), *fixed, *shares, *more]


def figures(shares: int, runners: list[str], home: Path) -> dict[str, object]:
    """Measure few shares and many, in the process and with each runner."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    few, many = documents(home / "few", FEW), documents(home / "many", shares)
    told: dict[str, object] = {"shares": shares}
    with prefect_server(home / "server") as server:
        for name in ("in the process", *runners):
            env, more = (server.environment, ("--runner", name)) if name in runners else (bare, ())
            start = measured(command(few, home / f"{name} few", *more), env)
            before = settled(server) if more else 0.0
            whole = measured(command(many, home / f"{name} many", *more), env)
            after = settled(server) if more else 0.0
            told[name] = {
                "few": asdict(start),
                "many": asdict(whole),
                "cpu_s_a_share": (whole.cpu - start.cpu) / (shares - FEW),
                "wall_s_a_share": (whole.wall - start.wall) / (shares - FEW),
                "server_cpu_s_a_share": (after - before) / shares,
            }
    return told


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--shares", type=int, default=24)
    parser.add_argument("--runner", action="append", choices=["dask", "ray"])
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        told = json.dumps(figures(given.shares, given.runner or ["dask", "ray"], Path(home)), indent=2)
    print(told)
    if given.json:
        given.json.write_text(told)


if __name__ == "__main__":
    main()
