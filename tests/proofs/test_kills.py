"""A run that is killed at random moments ends like one that was left alone, and every token is accounted for."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from schemas.errors import ExitCode
from tests.emulator import Latency
from tests.mill import Mill, card
from tests.proofs.books import Books, check_tables, journal, tokens, undisturbed
from tests.proofs.lives import Life, command, kill_again_and_again

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.emulator import Call

pytestmark = pytest.mark.xdist_group("proofs")

IN_FLIGHT = 6
OPTIONS = ("--in-flight", IN_FLIGHT, "--shard-pages", 8)
SUMMARY = (
    *("status", "exit_code", "files", "files_success", "pages", "pages_ok"),
    *("total_input_tokens", "total_output_tokens"),
)


def fill(mill: Mill, *, files: int, frames: int) -> None:
    for number in range(files):
        card(mill.source / f"{number:02}.tiff", f"document {number}", frames=frames)


async def check(mill: Mill, whole: Mill, seen: Sequence[Call], *, pages: int) -> Books:
    """Lay the killed run beside one that was left alone."""
    books = Books(journal(mill.out), seen)
    books.check()
    check_tables(mill.out)
    assert len(books.answered) == pages
    by_run = books.lost.groupby("run_id").size()
    assert by_run.empty or by_run.max() <= IN_FLIGHT
    record = await whole.run(in_flight=IN_FLIGHT, shard_pages=8)
    for name in ("pages", "files"):
        assert undisturbed(mill.comparable(name)).equals(undisturbed(whole.comparable(name))), name
    last = mill.table("runs").sort_values("run_id").iloc[-1]
    assert [last[name] for name in SUMMARY] == [getattr(record, name) for name in SUMMARY]
    asked_again = set(books.lost["base_key"])
    rows = mill.table("pages").merge(mill.table("calls")[["request_key", "base_key"]].drop_duplicates())
    assert set(rows[rows["cost"].isna()]["base_key"]) == asked_again
    assert tokens(mill.table("pages")) == tokens(mill.table("files")) == books.owed()
    return books


async def prove(mill: Mill, tmp_path, *, files: int, frames: int, kills: int, most: int) -> Books:
    fill(mill, files=files, frames=frames)
    mill.emulator.latency = Latency(base=0.2, jitter=0.9)
    words = command(mill, *OPTIONS)

    kill_again_and_again(mill, words, kills=kills, most=most, dice=random.Random(2026))
    with Life(words) as last:
        code, said = last.end()

    assert code == ExitCode.OK, said
    seen = list(mill.emulator.calls)
    mill.emulator.latency = 0.0
    whole = Mill(mill.source, tmp_path / "whole", mill.emulator)
    return await check(mill, whole, seen, pages=files * frames)


async def test_a_run_that_is_killed_six_times_ends_like_one_that_was_left_alone(mill, tmp_path):
    books = await prove(mill, tmp_path, files=10, frames=6, kills=6, most=12)

    assert len(books.lost) > 0


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(10, marks=pytest.mark.long),
        pytest.param(200, marks=[pytest.mark.soak, pytest.mark.timeout(3_600)]),
    ],
)
async def test_a_run_that_is_killed_again_and_again_ends_like_one_that_was_left_alone(mill, tmp_path, capsys, kills):
    books = await prove(mill, tmp_path, files=4 + kills // 8, frames=10, kills=kills, most=3)

    assert len(books.lost) > kills / 2
    with capsys.disabled():
        print(  # noqa: T201 - the figures of the proof
            f"\n{kills} kills: {len(books.seen)} requests seen, {len(books.answered)} answered, "
            f"{len(books.lost)} lost, {len(books.unheard)} of them billed"
        )
