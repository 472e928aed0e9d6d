"""Who tells a person at a terminal, or the log of a night job, how a run goes. Everything here goes to one console."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from flows import summary
from flows.progress import Progress
from flows.wording import short, visible
from schemas.config import RunConfig
from schemas.documents import RejectedDocument
from schemas.records import READ, CallRecord, PageRecord, RunRecord
from schemas.requests import Recipe
from tasks.account import Tally, tally

LINES_OF_A_KIND = 20
"""How many problems of one kind are told one by one; the tables hold them all."""
PERIOD = 10.0
"""Seconds between two plain lines of progress."""
_STILL = 6
"""Periods after which a line that says nothing new is said all the same."""
_WARN = frozenset({"suspect", "truncated", "skipped", "waiting"})

Describe = Callable[[Recipe, RunConfig], str]
"""Says who reads, and why."""
Weigh = Callable[[CallRecord], Tally]
"""Says what a call took, in tokens and money."""


class PlainReporter:
    """Lines, for where no terminal is: progress every ten seconds, and each problem as it comes."""

    def __init__(
        self,
        console: Console,
        *,
        describe: Describe,
        weigh: Weigh = lambda call: tally([call]),
        again: str = "",
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
        period: float = PERIOD,
    ) -> None:
        self.console = console
        self.progress = Progress()
        self.at_start: Callable[[], None] = lambda: None
        self._describe = describe
        self._weigh = weigh
        self._again = again
        self._quiet = quiet
        self._clock = clock
        self._period = period
        self._out = ""
        self._began = clock()
        self._told: Counter[tuple[str, str]] = Counter()
        self._over = threading.Event()
        self._ticker: threading.Thread | None = None
        self._last_line = ""
        self._still = 0

    def __enter__(self) -> Self:
        """Be told of one run."""
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        """Leave the terminal as it was, however the run ended."""
        self._rest()

    def started(self, run_id: str, recipe: Recipe, config: RunConfig) -> None:
        """Say who reads and why."""
        self.at_start()
        self._out = config.out
        self._began = self._clock()
        self._say(Text(self._describe(recipe, config)))
        self._say(Text(visible(f"run {run_id} into {config.out}"), style="dim"))
        if not self._quiet:
            self._move()

    def found(self, *, files: int, pages: int, kept: int) -> None:
        """Take note of how much there is."""
        self.progress.found(files=files, pages=pages, kept=kept)

    def rejected(self, document: RejectedDocument) -> None:
        """Tell of a file that cannot be read."""
        kind = document.error.kind
        passed_over = kind == "unsupported" and not document.file.explicit
        waiting = kind == "unsettled"
        self.progress.rejected += not (passed_over or waiting)
        label = "waiting" if waiting else "skipped" if passed_over else "rejected"
        self._problem(label, kind, f"{document.file.source}", str(document.error), table="files")

    def page(self, record: PageRecord) -> None:
        """Count a page, and tell of it if it is not as it should be."""
        self.progress.page(record, self._clock() - self._began)
        if record.status not in READ:
            kind = record.error_kind or ", ".join(flag.name for flag in record.flags) or record.status
            where = f"{record.source} page {record.page_no}"
            self._problem(record.status, kind, where, record.error_message or "", table="pages")

    def call(self, call: CallRecord) -> None:
        """Count a wire send."""
        self.progress.call(call, self._weigh(call))

    def note(self, message: str) -> None:
        """Say something that a human should read."""
        self._say(Text(visible(message)))

    def urgent(self, message: str) -> None:
        """Say something even to who asked for quiet."""
        self._print(Text(visible(message), style="bold"))

    def finished(self, run: RunRecord) -> None:
        """Say what came of it, and what to type next."""
        self._rest()
        if not self._quiet:
            self.console.print()
            self.console.print(summary.table(run))
        if (why := summary.reason(run)) is not None:
            self._print(Text(why, style="red"))
        self._print(summary.last_line(run))
        for label, line in () if self._quiet else summary.next_steps(run, self._out, self._again):
            self._print(Text.assemble((f"{label}: ", "bold"), visible(line)))

    def tick(self) -> None:
        """Say how far it is, unless that was said a moment ago."""
        elapsed, now = self._clock() - self._began, datetime.now(UTC).astimezone()
        line = " · ".join(self.progress.pace(elapsed, now) + self.progress.figures())
        self._still += 1
        if line != self._last_line or self._still >= _STILL:
            self._last_line, self._still = line, 0
            self._print(Text(f"{now:%H:%M:%S} {line}"))

    def _problem(self, label: str, kind: str, where: str, message: str, *, table: str) -> None:
        self._told[label, kind] += 1
        said = self._told[label, kind]
        if said > LINES_OF_A_KIND + 1:
            return
        style = "yellow" if label in _WARN else "red"
        text = f"{visible(where)}: {kind}{': ' if message else ''}{short(message)}"
        if said > LINES_OF_A_KIND:
            text = f"and more of {kind}; see the {table} table"
        self._print(Text.assemble((f"{label:<9} ", style), text))

    def _say(self, text: Text) -> None:
        if not self._quiet:
            self._print(text)

    def _print(self, text: Text) -> None:
        self.console.print(text, soft_wrap=True, highlight=False)

    def _move(self) -> None:
        """Begin to show movement."""
        self._ticker = threading.Thread(target=self._tick_on, name="progress", daemon=True)
        self._ticker.start()

    def _tick_on(self) -> None:
        while not self._over.wait(self._period):
            self.tick()

    def _rest(self) -> None:
        """Stop to show movement."""
        self._over.set()
        if self._ticker is not None:
            self._ticker.join()
            self._ticker = None


class LiveReporter(PlainReporter):
    """A bar and its figures at the foot of a terminal; problems scroll by above it."""

    _live: Live | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw one line where the terminal is wide enough, else two."""
        elapsed, now = self._clock() - self._began, datetime.now(UTC).astimezone()
        progress = self.progress
        bar = ProgressBar(total=progress.total or None, completed=progress.done, width=20, pulse=not progress.total)
        pace, figures = " · ".join(progress.pace(elapsed, now)), " · ".join(progress.figures())
        grid = Table.grid(padding=(0, 1))
        fits = len(pace) + len(figures) + bar_room(bar) <= options.max_width
        grid.add_row(bar, Text(" · ".join(filter(None, (pace, figures))) if fits else pace, no_wrap=True))
        yield grid
        if not fits:
            yield Text(figures, no_wrap=True, overflow="ellipsis")

    def _move(self) -> None:
        self._live = Live(self, console=self.console, refresh_per_second=4, transient=True, redirect_stdout=False)
        self._live.start()

    def _rest(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def bar_room(bar: ProgressBar) -> int:
    """How many cells the bar and what separates it from the figures take."""
    return (bar.width or 0) + len("  · ")


def reporter_for(console: Console, *, describe: Describe, weigh: Weigh, again: str, quiet: bool) -> PlainReporter:
    """Pick the reporter that fits where the console writes to."""
    kind = LiveReporter if console.is_terminal and not console.is_dumb_terminal else PlainReporter
    return kind(console, describe=describe, weigh=weigh, again=again, quiet=quiet)
