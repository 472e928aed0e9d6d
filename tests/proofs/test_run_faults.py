"""What no further call can survive stops the run at the first; what was in flight is kept, and resuming is free."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from schemas.errors import ExitCode
from tests.emulator import Emulator, Latency
from tests.mill import Memory, card
from tests.proofs.books import check_tables, tokens

if TYPE_CHECKING:
    from schemas.records import PageRecord

pytestmark = pytest.mark.xdist_group("proofs")

PAGES = 24
IN_FLIGHT = 4
MODEL = "qwen3-vl-plus"


@dataclass
class Watcher(Memory):
    """A reporter that does something once so many pages have their rows."""

    after: int = 5
    act: Callable[[], object] = field(default=lambda: None)

    def page(self, record: PageRecord) -> None:
        super().page(record)
        if len(self.pages) == self.after:
            self.act()


@dataclass(frozen=True)
class Trouble:
    """Something that befalls the account, and how it is mended."""

    name: str
    begin: Callable[[Emulator], object]
    mend: Callable[[Emulator], object]
    exit_code: ExitCode
    kind: str
    advice: str


TROUBLES = (
    Trouble(
        "key revoked",
        lambda emulator: emulator.revoke_key(),
        lambda emulator: emulator.add_key("sk-emulator"),
        ExitCode.CREDENTIALS,
        "credentials",
        "check DASHSCOPE_API_KEY",
    ),
    Trouble(
        "arrears",
        lambda emulator: emulator.set_arrears(),
        lambda emulator: emulator.set_arrears(on=False),
        ExitCode.SERVICE,
        "account",
        "settle the account's bill",
    ),
    Trouble(
        "model retired",
        lambda emulator: emulator.retire_model(MODEL),
        lambda emulator: emulator.restore_model(MODEL),
        ExitCode.SERVICE,
        "model_unavailable",
        f"{MODEL} is retired",
    ),
    Trouble(
        "free tier used up",
        lambda emulator: emulator.plan.always("403-free-tier"),
        lambda emulator: emulator.plan.clear(),
        ExitCode.SERVICE,
        "account",
        "switch off 'free tier only'",
    ),
    Trouble(
        "bill overdue",
        lambda emulator: emulator.plan.always("429-billing"),
        lambda emulator: emulator.plan.clear(),
        ExitCode.SERVICE,
        "account",
        "settle the account's bill",
    ),
    Trouble(
        "rights withdrawn",
        lambda emulator: emulator.plan.always("403"),
        lambda emulator: emulator.plan.clear(),
        ExitCode.SERVICE,
        "model_unavailable",
        "grant it in the Model Studio console",
    ),
)


@pytest.mark.parametrize("trouble", TROUBLES, ids=[trouble.name for trouble in TROUBLES])
async def test_the_run_stops_at_the_first_refusal_and_goes_on_for_free_once_it_is_mended(mill, trouble):
    for number in range(PAGES):
        card(mill.source / f"{number:02}.png", f"card {number}")
    emulator = mill.emulator
    emulator.latency = Latency(base=0.1, jitter=0.5)
    watcher = Watcher(act=lambda: trouble.begin(emulator))

    stopped = await mill.run(memory=watcher, in_flight=IN_FLIGHT, shard_pages=6)

    assert (stopped.status, stopped.exit_code, stopped.error_kind) == ("stopped", trouble.exit_code, trouble.kind)
    assert trouble.advice in stopped.error_message
    outcomes = [call.outcome for call in watcher.calls]
    answered = emulator.totals().answered
    assert outcomes.count("answered") == stopped.pages_ok == answered
    assert watcher.after <= answered <= watcher.after + IN_FLIGHT
    assert set(outcomes) == {"answered", "fatal"}
    assert 1 <= outcomes.count("fatal") <= IN_FLIGHT
    assert len(emulator.calls) == len(outcomes)

    trouble.mend(emulator)
    whole = await mill.run(in_flight=IN_FLIGHT, shard_pages=6)

    assert (whole.status, whole.pages_ok, whole.pages_kept) == ("success", PAGES, answered)
    totals = emulator.totals()
    assert totals.answered == totals.billed == PAGES
    assert tokens(mill.table("calls"))["input_tokens"] == totals.input_tokens == whole.total_input_tokens
    assert whole.total_cost == pytest.approx(mill.table("pages")["cost"].sum())
    check_tables(mill.out)
