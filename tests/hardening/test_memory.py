"""The parent's memory stays where it is, however many files there are and however many pages they have."""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from schemas.errors import ExitCode
from tests.hardening.spoken import words
from tests.mill import paper
from tests.proofs.lives import LOOK, ROOT, resident

if TYPE_CHECKING:
    from tests.mill import Mill

pytestmark = pytest.mark.xdist_group("hardening-memory")

PEAK = 600_000_000
"""Bytes that the parent may hold at most."""
GROWTH = 40_000_000
"""Bytes that it may hold more when the last page is asked than it held after half of them."""
AT_THE_END = 100_000_000
"""Bytes that its end may take, which brings what reads tables for the report."""


def png(width: int, height: int, pixels: bytes) -> bytes:
    """A gray PNG that claims to be of that size, whatever its pixels are."""
    parts = ((b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(pixels)))
    data = b"\x89PNG\r\n\x1a\n"
    for kind, content in (*parts, (b"IEND", b"")):
        data += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return data


def tiny_picture(number: int) -> bytes:
    """A PNG of 32 x 32 pixels unlike any other: its number as bars."""
    row = b"".join(b"\0" if number >> bit & 1 else b"\xff" for bit in range(32))
    return png(32, 32, (b"\0" + row) * 32)


def fill(folder: Path, count: int) -> None:
    for number in range(count):
        place = folder / f"{number // 500:03}"
        place.mkdir(exist_ok=True)
        (place / f"{number:06}.png").write_bytes(tiny_picture(number))


def watched(mill: Mill, *options: object) -> tuple[int, list[tuple[int, int]]]:
    """Run the command in a process of its own; gives its exit code, and its memory beside what was asked by then."""
    command = [sys.executable, "-m", "flows.cli", *words(mill, "--quiet", *options)]
    over = threading.Event()
    seen: list[tuple[int, int]] = []
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL) as process:

        def watch() -> None:
            while not over.wait(10 * LOOK):
                seen.append((len(mill.emulator.calls), resident(process.pid)))

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            exit_code = process.wait()
        finally:
            over.set()
            watching.join()
    return exit_code, seen


def check(mill: Mill, count: int) -> None:
    """Have the folder read, and hold what the command needs at its most against what it needed after half."""
    exit_code, seen = watched(mill, "--in-flight", 32, "--shard-pages", 50)

    assert exit_code == ExitCode.OK
    assert len(mill.table("pages")) == count
    peak = max(size for _, size in seen)
    # The first shard that is committed brings the library that writes it: by the half, several have been.
    early = max(size for asked, size in seen if asked <= count // 2)
    sys.stdout.write(f"{count} pages: {early / 1e6:.0f} MB after half of them, {peak / 1e6:.0f} MB at most\n")
    late = max(size for asked, size in seen if asked < count)
    assert late - early < GROWTH
    assert peak - late < AT_THE_END
    assert peak < PEAK
    first_rows = min(part.stat().st_mtime for part in (mill.out / "pages").iterdir())
    # No more than three shards of fifty pages are begun before the rows of the first are on disk.
    assert sum(call.at.timestamp() <= first_rows for call in mill.emulator.calls) <= count // 2


@pytest.mark.parametrize("count", [300, pytest.param(1_500, marks=[pytest.mark.long, pytest.mark.timeout(900)])])
def test_memory_does_not_grow_with_the_number_of_files(mill, count):
    fill(mill.source, count)

    check(mill, count)


@pytest.mark.long
@pytest.mark.timeout(900)
def test_memory_does_not_grow_with_the_pages_of_a_document(mill):
    paper(mill.source / "long.pdf", *(f"page {number}" for number in range(1_500)))

    check(mill, 1_500)
