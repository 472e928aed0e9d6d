"""How far a backfill is, over all who work at it: one line or bar, and one last line."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from flows.console import PERIOD, PlainReporter
from flows.wording import money, plural
from schemas.config import RunConfig
from schemas.records import RunRecord
from schemas.requests import Recipe

if TYPE_CHECKING:
    from tasks.backfill import Standing

WINDOW = 120.0
"""Seconds over which the rate is measured."""


@dataclass
class Pace:
    """Pages a minute, from looks at how many are done."""

    _looks: deque[tuple[datetime, int]] = field(default_factory=deque)

    def look(self, now: datetime, done: int) -> float | None:
        """Take note of a look; give the rate over the window, None where nothing moved."""
        self._looks.append((now, done))
        while (now - self._looks[0][0]).total_seconds() > WINDOW and len(self._looks) > 1:
            self._looks.popleft()
        seconds = (now - self._looks[0][0]).total_seconds()
        return (done - self._looks[0][1]) / seconds * 60 if seconds and done > self._looks[0][1] else None


def figures(stands: Standing, rate: float | None, currency: str | None, now: datetime) -> Iterator[str]:
    """Say how a backfill stands; what there is none of is left out."""
    done, pages, shares = stands.pages_done, stands.pages, stands.shares
    yield f"pages {done:,}/{pages:,}"
    if rate is not None:
        yield f"{rate:,.0f}/min" if rate >= 1 else f"{rate:.1f}/min"
        if left := pages - done:
            end = (now + timedelta(minutes=left / rate)).astimezone()
            yield (
                f"ETA {end:%H:%M}"
                if left / rate < timedelta(hours=20).total_seconds() / 60
                else f"ETA {end:%d %b %H:%M}"
            )
    yield f"shares {len(shares) - len(stands.open):,}/{len(shares):,}"
    if stands.held:
        yield f"{len(stands.held):,} at work"
    if stands.cost:
        yield money(stands.cost, 0.0, currency)
    if stands.pages_failed:
        yield f"failed {stands.pages_failed:,}"


class Problems(PlainReporter):
    """Tells of what went wrong in the runs of this process; how far it is, others tell."""

    def started(self, run_id: str, recipe: Recipe, config: RunConfig) -> None:  # noqa: ARG002 - one run of many
        """Take the signals back, should a library have taken them; say nothing."""
        self.at_start()

    def finished(self, run: RunRecord) -> None:
        """Say nothing: it was one of many."""


class View:
    """Shows a backfill while it goes on: a bar on a terminal, else a line every ten seconds."""

    def __init__(self, console: Console, *, quiet: bool, currency: str | None) -> None:
        self._console = console
        self._quiet = quiet
        self._currency = currency
        self._pace = Pace()
        self._said: tuple[datetime, str] | None = None
        self._live: Live | None = None

    def __enter__(self) -> Self:
        """Begin to show."""
        if self._console.is_terminal and not self._console.is_dumb_terminal and not self._quiet:
            self._live = Live(console=self._console, refresh_per_second=4, transient=True, redirect_stdout=False)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, _: TracebackType | None) -> None:
        """Leave the terminal as it was."""
        if self._live is not None:
            self._live.stop()

    def show(self, stands: Standing) -> None:
        """Show how it stands now."""
        now = datetime.now(UTC)
        line = " · ".join(figures(stands, self._pace.look(now, stands.pages_done), self._currency, now))
        if self._live is not None:
            grid = Table.grid(padding=(0, 1))
            grid.add_row(
                ProgressBar(total=stands.pages or None, completed=stands.pages_done, width=20),
                Text(line, no_wrap=True, overflow="ellipsis"),
            )
            self._live.update(grid)
        elif not self._quiet and (
            self._said is None or (self._said[1] != line and (now - self._said[0]).total_seconds() >= PERIOD)
        ):
            self._said = (now, line)
            self._console.print(f"{now.astimezone():%H:%M:%S} {line}", soft_wrap=True, highlight=False)


def last_line(stands: Standing, why: str, currency: str | None) -> str:
    """Say how a backfill stands when it is no longer followed."""
    read = stands.pages_done - stands.pages_failed
    said = f"{read:,} of {plural(stands.pages, 'page')} read"
    open_ = f" · {plural(len(stands.open), 'share')} open" if stands.open else ""
    cost = f" · {money(stands.cost, 0.0, currency)}" if stands.cost else ""
    return f"backfill {stands.backfill.backfill_id} {why}: {said}{open_}{cost}"
