"""Two runs on one output: the second says who holds it, and what a dead one held is taken over at once."""

from __future__ import annotations

import pytest

from schemas.errors import ExitCode
from tests.mill import card
from tests.proofs.books import Books, check_tables, journal
from tests.proofs.lives import Life, command

pytestmark = pytest.mark.xdist_group("proofs")

LONG_SILENCE = 20
"""Seconds after which a holder that cannot be asked after would still not count as dead."""


def test_the_second_run_names_the_first_and_takes_over_once_that_is_dead(mill):
    for number in range(6):
        card(mill.source / f"{number}.png", f"card {number}")
    mill.emulator.plan.always("hang")
    words = command(mill, "--in-flight", 3)

    with Life(words) as first:
        first.live_until(mill.emulator, 3, at_most=60)
        with Life(words) as second:
            code, said = second.end()
        assert code == ExitCode.OUTPUT_IN_USE
        assert f"{mill.out} is in use by run " in said
        assert f"(process {first.process.pid} on " in said
        assert not first.is_over
        assert len(mill.emulator.calls) == 3

    mill.emulator.plan.clear()
    with Life(words) as third:
        third.process.wait(LONG_SILENCE)
        code, said = third.end()

    assert code == ExitCode.OK, said
    books = Books(journal(mill.out), mill.emulator.calls)
    books.check()
    check_tables(mill.out)
    assert (len(books.answered), len(books.lost)) == (6, 3)
