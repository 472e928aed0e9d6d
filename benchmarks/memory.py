"""What a run holds in memory, and how soon its first answer and rows are on disk, however much there is to read.

    python -m benchmarks.memory [--pdf 10000] [--images 50000] [--scan 600] [--json figures.json]

Reads one long PDF, a folder of small pictures, and a PDF of scanned pages, each in a run of its own against the
emulated service, which answers at once and allows any rate. The memory of the command and of its largest render worker
is looked at ten times a second (resident set, Linux). Each is also compared with what was held after a tenth of the
work: what grows from there grows with the work.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field
from io import BytesIO
from pathlib import Path

import pymupdf
from PIL import Image

from tests.emulator import Emulator
from tests.hardening.test_memory import fill
from tests.proofs.lives import resident

LOOK = 0.1
SCAN = (2_480, 3_508)
"""Pixels of an A4 page at 300 dots an inch."""
TEXT = "The parties agree on what stands in the annex, and on nothing else. " * 4


@dataclass
class Figures:
    """What one run came to: seconds, and millions of bytes."""

    work: str
    pages: int
    seconds: float = 0.0
    first_answer_after: float = 0.0
    first_rows_after: float = 0.0
    parent_after_a_tenth: int = 0
    parent_after_half: int = 0
    parent_before_its_end: int = 0
    parent_at_most: int = 0
    worker_at_most: int = 0
    seen: list[tuple[int, int]] = field(default_factory=list, repr=False)

    def most(self, share: float) -> int:
        """Give what the command held at most until this share of the pages was asked."""
        return max(size for asked, size in self.seen if asked <= share * self.pages) // 1_000_000


def long_pdf(folder: Path, pages: int) -> None:
    """Make one PDF of many pages of text."""
    with pymupdf.open() as document:
        for number in range(pages):
            document.new_page(-1, width=300, height=200).insert_text((10, 80), f"Page {number}. {TEXT}", fontsize=5)
        document.save(folder / "long.pdf", garbage=0, deflate=True)


def scanned_pdf(folder: Path, pages: int) -> None:
    """Make one PDF of pages that are pictures, each with a noise of its own."""
    dice = random.Random(0)
    noise = Image.effect_noise(SCAN, 40)
    with pymupdf.open() as document:
        for _ in range(pages):
            picture, data = noise.rotate(dice.uniform(-3, 3), fillcolor=255), BytesIO()
            picture.save(data, "JPEG", quality=60)
            document.new_page(width=595, height=842).insert_image((0, 0, 595, 842), stream=data.getvalue())
        document.save(folder / "scan.pdf")


def children(pid: int) -> list[int]:
    """Give the processes that stand below one."""
    below: list[int] = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended while we looked
            if int(path.read_text().rpartition(")")[2].split()[1]) == pid:
                child = int(path.parent.name)
                below += [child, *children(child)]
    return below


def has_answer(ledger: Path) -> bool:
    """Tell whether an answer is kept, for good."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True)) as opened:
        return opened.execute("select 1 from calls where outcome = 'answered' limit 1").fetchone() is not None
    return False


def watch(figures: Figures, words: list[str], out: Path, emulator: Emulator) -> None:
    """Run the command to its end, looking at it all the time."""
    began, worker, family = time.monotonic(), 0, [0]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own command
        for look in range(10**9):
            if process.poll() is not None:
                break
            if not look % 20:
                family = children(process.pid)
            figures.seen.append((len(emulator.calls), resident(process.pid)))
            worker = max(worker, *map(resident, family), 0)
            if not figures.first_answer_after and has_answer(out / "ledger.sqlite3"):
                figures.first_answer_after = round(time.monotonic() - began, 1)
            if not figures.first_rows_after and any((out / "pages").glob("*.parquet")):
                figures.first_rows_after = round(time.monotonic() - began, 1)
            time.sleep(LOOK)
    if process.returncode:
        sys.exit(f"the run ended with exit code {process.returncode}")
    figures.seconds = round(time.monotonic() - began, 1)
    figures.parent_after_a_tenth = figures.most(0.1)
    figures.parent_after_half = figures.most(0.5)
    figures.parent_before_its_end = figures.most(0.99)
    figures.parent_at_most = max(size for _, size in figures.seen) // 1_000_000
    figures.worker_at_most = worker // 1_000_000


def measure(work: str, pages: int, make: Callable[[Path, int], None]) -> Figures:
    """Make the work and have it read."""
    figures = Figures(work, pages)
    with tempfile.TemporaryDirectory() as place, Emulator() as emulator:
        source, out = Path(place) / "in", Path(place) / "out"
        source.mkdir()
        make(source, pages)
        os.environ["DASHSCOPE_API_KEY"] = emulator.key
        pace = ["--rpm", "100000", "--tpm", "1000000000", "--in-flight", "32", "--workers", "1", "--quiet"]
        words = ["run", str(source), "--out", str(out), "--backend", "dashscope", "--base-url", emulator.base_url]
        watch(figures, [sys.executable, "-m", "flows.cli", *words, *pace], out, emulator)
    return figures


def main() -> None:
    """Measure what was asked for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, pages in (("--scan", 600), ("--pdf", 10_000), ("--images", 50_000)):
        parser.add_argument(name, type=int, default=pages, metavar="PAGES")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    works = (("scan", given.scan, scanned_pdf), ("pdf", given.pdf, long_pdf), ("images", given.images, fill))
    found = []
    for work, pages, make in works:
        if not pages:
            continue
        figures = asdict(measure(work, pages, make))
        del figures["seen"]
        print(json.dumps(figures), flush=True)
        found.append(figures)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
