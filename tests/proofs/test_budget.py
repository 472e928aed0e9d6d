"""However many calls are in flight, no more is spent than the limit and what one answer was longer than expected."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from schemas.errors import ExitCode
from schemas.usage import Usage
from tasks.catalogue import load_models
from tests.emulator import Latency
from tests.mill import Mill, paper
from tests.proofs.books import Books, check_tables, journal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.emulator import Call
    from tests.emulator.question import Question

pytestmark = pytest.mark.xdist_group("proofs-budget")

PRICE = load_models()["qwen3-vl-plus"].price
WORDS = [f"{number}" for number in range(100, 1_000)]


def answer(question: Question) -> str:
    """Some two thousand tokens of figures, more or fewer by the picture."""
    dice = random.Random(question.pictures[0].sha256)
    return " ".join(dice.choices(WORDS, k=dice.randint(300, 900)))


@dataclass(frozen=True)
class Bill:
    """What the service counted, priced by our table."""

    cost: float
    tokens: int
    pages: int
    dearest: float
    longest: int

    @classmethod
    def of(cls, calls: Iterable[Call]) -> Bill:
        billed = [call.usage for call in calls if call.billed]
        costs = [
            PRICE.cost(Usage(input_tokens=counted["input_tokens"], output_tokens=counted["output_tokens"]))
            for counted in billed
        ]
        sums = [counted["input_tokens"] + counted["output_tokens"] for counted in billed]
        return cls(sum(costs), sum(sums), len(billed), max(costs, default=0.0), max(sums, default=0))

    def overshoot(self, limit: str) -> float:
        """What one answer can be longer than expected, at most: all of it."""
        return {"cost": self.dearest, "tokens": self.longest, "pages": 0}[limit]


def fill(mill: Mill, pages: int) -> None:
    for number in range(pages // 25):
        paper(mill.source / f"{number:02}.pdf", *(f"page {number}/{page}" for page in range(25)))


async def prove(mill: Mill, limit: str, *, pages: int, in_flight: int) -> None:
    """Stop in the middle by *limit*, try again with the same, then with more; then compare with no limit at all."""
    fill(mill, pages)
    emulator = mill.emulator
    emulator.responder, emulator.latency = answer, Latency(base=in_flight / 200, jitter=0.5)
    whole = Mill(mill.source, mill.out.with_name("whole"), emulator, {"in_flight": in_flight})
    undisturbed = await whole.run()
    price = Bill.of(emulator.calls)
    middle = {"cost": round(price.cost / 2, 3), "tokens": price.tokens // 2, "pages": pages // 2}[limit]
    settings = {f"max_{limit}": middle, "in_flight": in_flight}
    before = len(emulator.calls)

    stopped = await mill.run(**settings)

    spent = Bill.of(emulator.calls.since(before))
    assert (stopped.status, stopped.exit_code) == ("stopped", ExitCode.BUDGET)
    assert f"--max-{limit}" in stopped.error_message
    assert 0.9 * middle <= getattr(spent, limit) <= middle + price.overshoot(limit)
    assert stopped.total_cost == pytest.approx(spent.cost)
    assert stopped.pages_ok + stopped.pages_suspect == spent.pages

    again = await mill.run(**settings)

    assert again.exit_code == ExitCode.BUDGET
    assert Bill.of(emulator.calls.since(before)) == spent

    rest = await mill.run(**{**settings, f"max_{limit}": 10 * middle})

    assert (rest.status, rest.exit_code) == (undisturbed.status, undisturbed.exit_code)
    assert rest.total_cost == pytest.approx(undisturbed.total_cost) == pytest.approx(price.cost)
    assert Bill.of(emulator.calls.since(before)).pages == len(mill.table("pages")) == pages
    Books(journal(mill.out), emulator.calls.since(before)).check()
    check_tables(mill.out)
    assert mill.comparable("pages").equals(whole.comparable("pages"))
    assert emulator.totals().most_open > in_flight / 3


LIMITS = ("cost", "tokens", "pages")


@pytest.mark.parametrize("limit", LIMITS)
async def test_two_hundred_pages_stop_at_the_limit_and_go_on_with_a_higher_one(mill, limit):
    await prove(mill, limit, pages=200, in_flight=40)


@pytest.mark.soak
@pytest.mark.parametrize("limit", LIMITS)
async def test_a_thousand_pages_with_two_hundred_in_flight_stop_at_the_limit_and_go_on(mill, limit):
    await prove(mill, limit, pages=1_000, in_flight=200)


async def test_the_pages_that_a_limit_allows_are_read_to_the_last_however_slowly_they_may_be_asked(mill):
    fill(mill, 25)

    stopped = await mill.run(max_pages=10, in_flight=25, requests_per_minute=600)

    assert stopped.exit_code == ExitCode.BUDGET
    assert len(mill.emulator.calls) == stopped.pages_ok == 10
