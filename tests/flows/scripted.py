"""An engine that plays a part instead of reading documents, and the command with it: `python -m tests.flows.scripted`.

The first source names the part: `calm` reads a few pages, `endless` reads until it is asked to end, `stubborn` does
not even then, `thief` takes a signal for itself first, `bug` breaks, and `harmful` has names that were chosen to harm
a terminal.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

from flows.cli import main
from schemas.config import RunConfig
from schemas.documents import RejectedDocument, SourceFile
from schemas.errors import CorruptDocument, ExitCode, NoInput
from schemas.estimate import Estimate
from schemas.records import CallRecord, PageRecord, RunRecord
from schemas.requests import Recipe
from schemas.status import PageProblem, Status
from tasks.ports import Reporter
from tests.sinks.rows import NOON, example

HARMFUL = "a\x1b[31m\n[bold]b\u202ec\udcff.pdf"
LAST = RunConfig(sources=("calm",), out="earlier", model="qwen3-vl-plus", max_cost=5.0)


class ScriptedEngine:
    """Plays its part, and remembers what it was asked."""

    def __init__(self, **ending: Any) -> None:
        self.ending = ending
        self.configs: list[RunConfig] = []
        self.statuses: Sequence[str] = ()
        self.flows: list[bool] = []

    async def run(
        self, config: RunConfig, *, reporter: Reporter, stop: asyncio.Event, as_flow: bool = False
    ) -> RunRecord:
        self.configs.append(config)
        self.flows.append(as_flow)
        if config.sources[0] == "nothing":
            raise NoInput("nothing to read was found", advice="name a folder that holds documents")
        if config.sources[0] == "thief":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        reporter.started("20260314T120000-0badcafe", recipe(), config)
        return await getattr(self, f"_{config.sources[0]}")(config, reporter, stop)

    async def retry(
        self, config: RunConfig, statuses: Sequence[str], *, reporter: Reporter, stop: asyncio.Event
    ) -> RunRecord:
        self.statuses = statuses
        return await self.run(config, reporter=reporter, stop=stop)

    async def replay(self, config: RunConfig, *, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
        return await self.run(config, reporter=reporter, stop=stop)

    async def estimate(self, config: RunConfig, *, reporter: Reporter) -> Estimate:
        self.configs.append(config)
        return ESTIMATE

    async def status(self, out: str, ledger: str | None) -> Status:
        return STATUS

    async def last_config(self, out: str, ledger: str | None) -> RunConfig:
        return LAST

    async def _calm(self, config: RunConfig, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
        pages = Counter[str]()
        reporter.found(files=2, pages=5, kept=0)
        for number in range(1, 6):
            tell_page(reporter, pages, number, "failed" if number == 4 else "ok")
            await asyncio.sleep(0)
        return self._over(config, reporter, pages)

    async def _endless(self, config: RunConfig, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
        pages = Counter[str]()
        reporter.found(files=2, pages=1_204, kept=300)
        while not stop.is_set():
            tell_page(reporter, pages, pages.total() + 1, "ok")
            await asyncio.sleep(0.02)
        interrupted = {"status": "interrupted", "error_kind": "interrupted", "error_message": "asked to stop"}
        return self._over(config, reporter, pages, **interrupted, exit_code=ExitCode.INTERRUPTED)

    _thief = _endless

    async def _stubborn(self, config: RunConfig, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
        reporter.note("digging in")
        await asyncio.Event().wait()
        raise AssertionError

    async def _bug(self, config: RunConfig, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
        raise ZeroDivisionError("a bug, with sk-secret in it")

    async def _harmful(self, config: RunConfig, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
        reporter.rejected(rejected(HARMFUL))
        return self._over(config, reporter, Counter())

    def _over(self, config: RunConfig, reporter: Reporter, pages: Counter[str], **ending: Any) -> RunRecord:
        missing = pages["failed"]
        usual = {
            "status": "partial_success" if missing else "success",
            "exit_code": ExitCode.PAGES_MISSING if missing else ExitCode.OK,
        }
        record = run_record(config, pages, **usual | ending | self.ending)
        reporter.finished(record)
        return record


def tell_page(reporter: Reporter, pages: Counter[str], number: int, status: str) -> None:
    """Tell of a call and of the page that it was about."""
    pages[status] += 1
    sent = {"model": "qwen3-vl-plus", "input_tokens": 1_300, "output_tokens": 400, "cost": 0.0173, "currency": "CNY"}
    reporter.call(example(CallRecord, outcome="answered", attempt=1, **sent))
    kind = {"error_kind": "render_failed", "error_message": "the page cannot be drawn"} if status == "failed" else {}
    row = example(PageRecord, source="in/report.pdf", page_no=number, status=status, flags=(), **kind)
    reporter.page(row)


def rejected(source: str, *, kind: type[CorruptDocument] = CorruptDocument, explicit: bool = True) -> RejectedDocument:
    """A file that cannot be read."""
    file = SourceFile(source, source, source, 1, NOON, 0, explicit)
    return RejectedDocument(file, kind("its cross-reference table is broken"))


def recipe() -> Recipe:
    """What the engine asks."""
    return Recipe("text", 1, "dashscope", "qwen3-vl-plus")


def run_record(config: RunConfig, statuses: Counter[str], **values: Any) -> RunRecord:
    """How a run of these pages ended."""
    count = statuses.total()
    spent = {"calls": count, "input_tokens": 1_300 * count, "output_tokens": 400 * count, "cost": 0.0173 * count}
    fields = {f"pages_{status}": number for status, number in statuses.items()}
    usual: dict[str, Any] = {
        "config": config.public(),
        "files": 2,
        "files_success": 2,
        "pages": count,
        "currency": "CNY",
    }
    return example(RunRecord, **usual | spent | {"total_calls": count} | fields | values)


ESTIMATE = Estimate(
    files=3,
    pages=40,
    pages_kept=10,
    rejected=1,
    image_tokens=100_000,
    input_tokens=104_000,
    output_tokens_low=8_000,
    output_tokens_likely=16_000,
    output_tokens_high=40_000,
    cost_low=0.18,
    cost_likely=0.26,
    cost_high=0.5,
    currency="CNY",
    price_date="2026-02-01",
    price_source="the price page",
    minutes_at_limits=1.5,
    basis="400 tokens a page, from 10 kept answers",
)
STATUS = Status(
    runs=(example(RunRecord, run_id="20260314T120000-0badcafe", status="interrupted", error_kind="interrupted"),),
    files={"success": 2, "failure": 1},
    pages={"ok": 30, "failed": 2, "open": 8},
    calls={"answered": 30, "throttled": 2},
    cost=None,
    cost_known=1.2,
    currency="CNY",
    held_by="pid 4711 on night-host",
    problems=(PageProblem("in/a.pdf", 3, "failed", "render_timeout", "drawing took too long"),),
)

if __name__ == "__main__":
    sys.exit(main(engine=ScriptedEngine()))
