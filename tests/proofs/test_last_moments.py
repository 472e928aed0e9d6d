"""Whatever the last thing was that a killed run did, the next one leaves every page once, also if files came since."""

from __future__ import annotations

import signal
import sys

import pandas as pd
import pytest

from tests.emulator import Latency
from tests.mill import card, paper
from tests.proofs.books import Books, check_tables, journal, tokens
from tests.proofs.dying import MOMENTS
from tests.proofs.lives import Life, command

pytestmark = pytest.mark.xdist_group("proofs")


TELLING = {"an answer is not kept yet", "the pages are written", "the ledger is not told yet"}
"""The moments that every test run goes through; the others are for the long one."""


@pytest.mark.parametrize(
    "moment", [moment if moment in TELLING else pytest.param(moment, marks=pytest.mark.long) for moment in MOMENTS]
)
async def test_killed_when(mill, moment):
    card(mill.source / "b.png", "beta")
    paper(mill.source / "d.pdf", "one", "two", "three", "four")
    mill.emulator.latency = Latency(base=0.05)
    _, *words = command(mill, "--in-flight", 4)
    dying = [sys.executable, "-m", "tests.proofs.dying", moment, *words[words.index("run") :]]
    with Life(dying) as life:
        code, said = life.end()
    assert code == -signal.SIGKILL, said

    card(mill.source / "a.png", "alpha")
    card(mill.source / "e.tiff", "epsilon", frames=2)
    (mill.source / "d.pdf").rename(mill.source / "c.pdf")
    record = await mill.run(in_flight=4)

    assert (record.status, record.pages_ok) == ("success", 8)
    books = Books(journal(mill.out), mill.emulator.calls)
    books.check()
    check_tables(mill.out)
    pages = mill.table("pages")
    now = pages[pages["name"] != "d.pdf"].set_index(["name", "page_no"]).sort_index()
    assert list(now.index) == [("a.png", 1), ("b.png", 1), *(("c.pdf", n) for n in range(1, 5)), *E]
    assert tokens(mill.table("calls")) == tokens(pages) == tokens(mill.table("files"))
    assert len(books.lost) <= 4
    assert pd.notna(now["text"]).all()


E = [("e.tiff", 1), ("e.tiff", 2)]
