"""Hours of bad weather in one proof: faults at five in a hundred and kills, and nothing lost, doubled or paid twice.

`SOAK_MINUTES` sets about how long the long one takes: half of its pages are read by runs that are killed, the other
half by one that is left alone, whose memory is watched. Runs on Linux, for the memory.
"""

from __future__ import annotations

import json
import os
import random
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import pytest

from schemas.errors import ExitCode
from tests.emulator import Latency
from tests.mill import card
from tests.proofs.books import Books, check_tables, journal, tokens
from tests.proofs.lives import Life, command

if TYPE_CHECKING:
    from tests.mill import Mill

pytestmark = [pytest.mark.xdist_group("proofs"), pytest.mark.timeout(4 * 3_600)]

MINUTES = float(os.environ.get("SOAK_MINUTES", "60"))
RPM = 600
FRAMES = 50
IN_FLIGHT = 16
WEATHER = {
    "429": 0.010,
    "429-burst": 0.005,
    "500": 0.008,
    "503": 0.005,
    "200-truncated": 0.004,
    "200-html": 0.004,
    "short-body": 0.004,
    "reset": 0.004,
    "reset-after": 0.002,
    "close": 0.003,
}
"""Shares of all requests; together with the one below, five in a hundred."""
HANGING = {"hang": 0.001}
"""Meets a question once at most: one that got no answer twice is given up, as it may have been billed twice."""
BROKEN = ("reset", "reset-after", "close")
OPTIONS = ("--in-flight", IN_FLIGHT, "--call-timeout", 60, "--max-attempts", 8, "--quiet")
PEAK = 600_000_000
"""Bytes that a run may hold, its workers not counted."""
GROWTH = 60_000_000
"""Bytes that it may hold more at its end than after half of its requests; its end alone takes some 30."""


@dataclass(frozen=True)
class Figures:
    """What a soak came to."""

    pages: int
    requests: int
    faults: dict[str, int]
    kills: int
    sends_lost: int
    sends_unlisted: int
    pages_missing: int
    pages_duplicated: int
    paid_twice_and_kept: int
    paid_and_never_heard: int
    mb_at_half: int
    mb_at_end: int
    mb_at_most: int


def fill(mill: Mill, pages: int) -> None:
    for number in range(pages // FRAMES):
        card(mill.source / f"{number:05}.tiff", f"document {number}", frames=FRAMES)


def live_and_die(mill: Mill, words: list[str], *, kills: int, pages: int) -> int:
    """Kill run after run, so that about *pages* are read by then; gives how many were killed."""
    dice = random.Random(2026)
    killed = 0
    for _ in range(kills):
        with Life(words) as life:
            steps = 2 * pages / kills * dice.random()
            life.live_until(mill.emulator, len(mill.emulator.calls) + 1 + int(steps), at_most=600)
            killed += not life.is_over
    return killed


def live_on(mill: Mill, words: list[str], left: int) -> list[int]:
    """Let one run come to its end; gives its memory in bytes, from half of its requests on."""
    first = len(mill.emulator.calls) + left // 2
    sizes = []
    with Life(words) as life:
        life.live_until(mill.emulator, first, at_most=3_600)
        while life.live(0.5):
            sizes.append(life.resident)
        code, said = life.end()
    assert code == ExitCode.OK, said
    return [size for size in sizes if size]


def soak(mill: Mill, *, pages: int, kills: int, rpm: float) -> Figures:
    """Run, kill, run on; then go over the books."""
    fill(mill, pages)
    emulator = mill.emulator
    emulator.latency = Latency(base=0.4, jitter=0.8)
    emulator.plan.rate(HANGING, seed=1, attempts=1)
    emulator.plan.rate(WEATHER, seed=2)
    words = command(mill, *OPTIONS, rpm=rpm)

    killed = live_and_die(mill, words, kills=kills, pages=pages // 2)
    sizes = live_on(mill, words, pages // 2)

    return reckon(mill, pages=pages, kills=killed, sizes=sizes)


def reckon(mill: Mill, *, pages: int, kills: int, sizes: list[int]) -> Figures:
    """Lay the service's log beside the ledger and the tables."""
    seen = list(mill.emulator.calls)
    books, table = Books(journal(mill.out), seen), mill.table("pages")
    check_tables(mill.out)
    assert tokens(books.journal) == books.owed()
    assert books.answered["request_id"].is_unique
    unlisted = check_sends(books)
    assert set(table["status"]) == {"ok"}
    told = table[["source", "page_no"]].drop_duplicates()
    return Figures(
        pages=len(told),
        requests=len(seen),
        faults=dict(Counter(call.fault for call in seen if call.fault)),
        kills=kills,
        sends_lost=len(books.lost),
        sends_unlisted=unlisted,
        pages_missing=pages - len(told),
        pages_duplicated=len(table) - len(told),
        paid_twice_and_kept=int(books.answered["request_key"].duplicated().sum()),
        paid_and_never_heard=len(books.unheard),
        mb_at_half=sizes[0] // 1_000_000,
        mb_at_end=sizes[-1] // 1_000_000,
        mb_at_most=max(sizes) // 1_000_000,
    )


def check_sends(books: Books) -> int:
    """Each send has its row, also one of which nobody knows whether it left; gives how many have none.

    The one exception: the SDK sends again by itself on a connection that broke, and that send gets its row with the
    answer. Where a kill comes between, one row that is `lost` stands for both.
    """
    page_of = dict(zip(books.answered["request_id"], books.answered["request_key"], strict=True))
    key_of = {call.digest: page_of[call.request_id] for call in books.seen if call.request_id in page_of}
    sent = Counter(key_of[call.digest] for call in books.seen)
    unlisted = sent - Counter(books.journal["request_key"])
    broken = {key_of[call.digest] for call in books.seen if call.fault in BROKEN}
    assert unlisted.keys() <= broken & set(books.lost["request_key"])
    return unlisted.total()


def check(mill: Mill, figures: Figures, capsys: pytest.CaptureFixture[str]) -> Figures:
    with capsys.disabled():
        print(f"\n{json.dumps(asdict(figures))}")  # noqa: T201 - the figures of the proof
    assert (figures.pages_missing, figures.pages_duplicated, figures.paid_twice_and_kept) == (0, 0, 0)
    assert figures.faults
    assert figures.sends_lost <= figures.kills * IN_FLIGHT
    billed_faults = sum(figures.faults.get(name, 0) for name in ("200-truncated", "short-body", "reset-after", "hang"))
    assert figures.paid_and_never_heard <= figures.sends_lost + billed_faults
    assert figures.sends_unlisted <= figures.sends_lost
    assert figures.mb_at_most * 1_000_000 < PEAK
    asked = len(mill.emulator.calls)
    with Life(command(mill, *OPTIONS)) as again:
        assert again.end()[0] == ExitCode.OK
    assert len(mill.emulator.calls) == asked
    return figures


@pytest.mark.long
def test_a_few_hundred_pages_of_faults_and_kills(mill, capsys):
    check(mill, soak(mill, pages=300, kills=3, rpm=6_000), capsys)


@pytest.mark.soak
def test_an_hour_of_faults_and_kills(mill, capsys):
    pages = int(MINUTES * RPM) // FRAMES * FRAMES

    figures = check(mill, soak(mill, pages=pages, kills=max(8, int(MINUTES)), rpm=RPM), capsys)

    assert (figures.mb_at_most - figures.mb_at_half) * 1_000_000 < GROWTH
