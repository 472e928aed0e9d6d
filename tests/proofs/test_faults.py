"""Whatever the service does to one page, it costs that page what it must, and no other anything."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from schemas.errors import ExitCode
from tests.emulator import Emulator
from tests.mill import Mill
from tests.proofs.books import check_manifest
from tests.proofs.weather import ATTEMPTS, CASES, Case, fill, is_wide

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from schemas.records import RunRecord

pytestmark = pytest.mark.xdist_group("proofs-faults")

WIDE = ("b.pdf", 2)


def none_or(value: object) -> object:
    return None if pd.isna(value) else value


@dataclass
class Outcome:
    """What a case came to."""

    record: RunRecord
    pages: pd.DataFrame
    calls: pd.DataFrame
    files: pd.DataFrame
    asked: int = 0
    """Questions about the wide page that the service saw: follow-ups and halves of it are wide as well."""
    seen: Counter[str] = field(default_factory=Counter)
    """Questions about the others, each by what it was."""

    def page(self) -> pd.Series:
        return self.pages.loc[WIDE]

    def others(self) -> pd.DataFrame:
        return self.pages.drop(index=[WIDE])

    def sends(self) -> pd.DataFrame:
        return self.calls[self.calls["base_key"] == self.page()["request_key"]]


async def perform(case: Case, folder: Path) -> Outcome:
    """Run the mill over five pages while the case's fault meets the wide one."""
    source = folder / "in"
    source.mkdir(parents=True)
    fill(source)
    with Emulator() as emulator:
        if case.times is None:
            emulator.plan.always(case.fault, when=is_wide, **case.how)
        else:
            emulator.plan.next(case.fault, when=is_wide, times=case.times, **case.how)
        mill = Mill(source, folder / "out", emulator)
        record = await mill.run(**{"max_attempts": ATTEMPTS, **case.settings})
        wide = [call for call in emulator.calls if call.images[0].width > 3 * call.images[0].height]
        seen = Counter(call.digest for call in emulator.calls if call not in wide)
        assert not emulator.crashes
    check_manifest(mill.out)
    pages = mill.table("pages").set_index(["name", "page_no"]).sort_index()
    return Outcome(record, pages, mill.table("calls"), mill.table("files").set_index("name"), len(wide), seen)


async def perform_all(cases: Sequence[Case], folder: Path) -> dict[Case, Outcome]:
    """Perform cases side by side, so that their waiting costs time once; first those that race no deadline."""
    found: dict[int, Outcome] = {}

    async def one(number: int, case: Case, room: asyncio.Semaphore) -> None:
        async with room:
            found[number] = await perform(case, folder / str(number))

    for _, some in groupby(sorted(range(len(cases)), key=lambda n: cases[n].is_slow), key=lambda n: cases[n].is_slow):
        room = asyncio.Semaphore(8)
        await asyncio.gather(*(one(number, cases[number], room) for number in some))
    return found


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Outcome]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DASHSCOPE_API_KEY", "sk-emulator")
        return asyncio.run(perform_all(CASES, tmp_path_factory.mktemp("faults")))


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
class TestOnePageOfFive:
    @pytest.fixture
    def case(self, number) -> Case:
        return CASES[number]

    @pytest.fixture
    def outcome(self, outcomes, number) -> Outcome:
        return outcomes[number]

    def test_gets_the_status_and_the_reason_that_the_fault_means(self, case, outcome):
        page = outcome.page()
        assert (page["status"], none_or(page["error_kind"])) == (case.status, case.kind), page["error_message"]
        assert pd.notna(page["text"]) == (case.status not in {"failed", "blocked"})

    def test_has_every_send_in_the_journal_that_the_service_saw(self, case, outcome):
        sends = outcome.sends()
        assert len(sends) == outcome.asked == outcome.page()["calls"]
        assert case.sends in {len(sends), None}
        assert sends["attempt"].max() == case.attempts
        assert outcome.page()["retries"] == len(sends) - sends["request_key"].nunique()

    def test_says_what_it_cost_or_that_nobody_knows(self, case, outcome):
        page = outcome.page()
        assert bool(page["cost"] == page["cost_known"]) == (case.known and (case.is_priced or case.status == "blocked"))
        assert (outcome.record.total_cost is None) == (not case.known or not case.is_priced)
        assert outcome.record.total_cost_known == pytest.approx(outcome.pages["cost_known"].sum())

    def test_leaves_the_other_four_alone(self, case, outcome):
        others = outcome.others()
        assert list(others["status"]) == ["ok"] * 4
        assert list(others["calls"]) == [1] * 4
        assert list(outcome.seen.values()) == [1] * 4
        assert (others["cost"] > 0).all() == case.is_priced

    def test_shows_in_its_file_and_in_the_exit_code_and_nowhere_else(self, case, outcome):
        is_whole = case.status == "ok"
        assert outcome.files["status"].to_dict() == {
            "a.pdf": "success",
            "b.pdf": "success" if is_whole else "partial_success",
            "c.pdf": "success",
        }
        assert outcome.record.exit_code == (ExitCode.OK if is_whole else ExitCode.PAGES_MISSING)
