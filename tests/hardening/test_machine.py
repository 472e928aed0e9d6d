"""A machine that runs out of something ends the run in order, and the next start mends what was begun."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from flows.cli import main
from schemas.errors import ExitCode
from tests.hardening.spoken import words
from tests.mill import Mill, card
from tests.proofs.books import check_tables
from tests.proofs.lives import ROOT, command

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("hardening-machine")

PAGES, FEW = 24, 4
IN_FLIGHT = 4
PACE = ("--in-flight", IN_FLIGHT, "--shard-pages", 4)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of eight megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    with suppress(FileNotFoundError):
        if subprocess.run(mounting, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            yield disk
            subprocess.run(["umount", str(disk)], check=True)
            return
    pytest.skip("a file system cannot be mounted here; the sink's and the ledger's own tests stand in for it")


def fill(mill: Mill, count: int = PAGES) -> None:
    for number in range(count):
        card(mill.source / f"{number:02}.png", f"card {number}")


def fill_up(disk: Path) -> None:
    """Leave not a byte of room."""
    with (disk / "ballast").open("ab", buffering=0) as ballast, suppress(OSError):
        for size in (100_000, 1_000, 1):
            with suppress(OSError):
                while True:
                    ballast.write(bytes(size))


def check_nothing_half(out: Path) -> None:
    """What stands under a final name can be read to its last byte."""
    for path in out.rglob("*.parquet"):
        with closing(pq.ParquetFile(path)) as part:
            part.read()


@pytest.mark.parametrize("ledger", ["beside the tables", "elsewhere"])
def test_a_disk_that_fills_up_stops_the_run_and_the_next_one_mends_it(mill, small_disk, tmp_path, capsys, ledger):
    fill(mill)
    mill.out = small_disk / "out"
    place = () if ledger == "beside the tables" else ("--ledger", tmp_path / "ledger.sqlite3")
    seen = []

    def answer(_: object) -> str:
        seen.append(1)
        if len(seen) == PAGES // 2:
            fill_up(small_disk)
        return "An answer of some length, with all that stands on the card."

    mill.emulator.responder = answer

    stopped = main(words(mill, *PACE, *place))

    said = capsys.readouterr().err
    assert stopped == ExitCode.OUTPUT, said
    assert "Traceback" not in said
    assert "ree some space" in said
    check_nothing_half(mill.out)
    (small_disk / "ballast").unlink()
    assert main(words(mill, *PACE, *place)) == ExitCode.OK, capsys.readouterr().err
    assert mill.emulator.totals().answered <= PAGES + IN_FLIGHT
    pages = mill.table("pages")
    assert (len(pages), set(pages["status"])) == (PAGES, {"ok"})
    assert not pages.duplicated(["source", "page_no"]).any()
    check_nothing_half(mill.out)
    if not place:
        check_tables(mill.out)


def test_an_output_that_is_read_only_is_refused_before_anything_is_asked(mill, small_disk, capsys):
    fill(mill)
    mill.out = small_disk / "out"
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)

    assert main(words(mill)) == ExitCode.OUTPUT

    assert "mounted read-only" in capsys.readouterr().err
    assert mill.emulator.totals().requests == 0


@pytest.mark.parametrize("handles", [24, pytest.param(36, marks=pytest.mark.long)])
def test_a_process_that_may_open_no_more_files_says_so_and_the_next_run_mends_it(mill, capsys, handles):
    fill(mill, FEW)

    def few_handles() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (handles, handles))

    done = subprocess.run(
        command(mill, *PACE), cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=few_handles
    )

    assert done.returncode in {ExitCode.OUTPUT, ExitCode.OK}, done.stderr
    assert "Traceback" not in done.stderr
    if done.returncode:
        assert os.strerror(errno.EMFILE) in done.stderr
        assert "ulimit -n" in done.stderr
    check_nothing_half(mill.out)
    assert main(words(mill, *PACE)) == ExitCode.OK, capsys.readouterr().err
    assert len(mill.table("pages")) == FEW
