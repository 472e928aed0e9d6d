"""What is said when a run is over: a small table, one line, the commands to type next, and the same as JSON."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path, PurePath
from urllib.parse import urlsplit

from rich.table import Table
from rich.text import Text

from flows.wording import command, cost, counts, money, plural, python_command, short, span_of, visible
from schemas.addresses import scheme_of
from schemas.records import READ, RunRecord

AGAIN = ("failed", "truncated", "suspect", "blocked", "invalid")
"""The page statuses that can be asked again on purpose."""
_STYLES = {"success": "green", "partial_success": "yellow"}


def pages_by_status(run: RunRecord) -> dict[str, int]:
    """Count the pages of a run by status."""
    statuses = ("ok", "blank", "skipped", *AGAIN)
    return {status: getattr(run, f"pages_{status}") for status in statuses}


def files_by_status(run: RunRecord) -> dict[str, int]:
    """Count the files of a run by status."""
    return {
        "success": run.files_success,
        "partial_success": run.files_partial,
        "failure": run.files_failure,
        "skipped": run.files_skipped,
    }


def table(run: RunRecord) -> Table:
    """Draw what a run did and took."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    for label, text in lines(run):
        grid.add_row(label, Text(text))
    return grid


def lines(run: RunRecord) -> Iterator[tuple[str, str]]:
    """Say what a run did and took, each figure with its name."""
    kept = f" ({run.pages_kept:,} kept from before, free)" if run.pages_kept else ""
    yield "files", f"{run.files:,}: {counts(files_by_status(run))}"
    if run.files_unsettled:
        yield "left", f"{plural(run.files_unsettled, 'file')} for the next run: still being written"
    yield "pages", f"{run.pages:,}: {counts(pages_by_status(run))}{kept}"
    if run.calls:
        yield "calls", f"{run.calls:,}"
    if run.input_tokens or run.output_tokens:
        image = f" ({run.image_tokens:,} image)" if run.image_tokens else ""
        yield "tokens", f"{run.input_tokens:,} in{image}, {run.output_tokens:,} out"
    if run.calls or run.total_calls:
        yield "cost", _cost(run)
    yield "time", span_of(run.finished_at - run.started_at)


def _cost(run: RunRecord) -> str:
    dated = f", prices of {run.price_date}" if run.price_date else ""
    now = money(run.cost, run.cost_known, run.currency)
    if run.total_calls == run.calls:
        return f"{now}{dated}"
    return f"{now}; with earlier runs {money(run.total_cost, run.total_cost_known, run.currency)}{dated}"


def last_line(run: RunRecord) -> Text:
    """Say how a run ended, in one line."""
    read = sum(getattr(run, f"pages_{status}") for status in READ)
    said = [f"{read:,} of {plural(run.pages, 'page')} read", *_shortfall(run, run.pages - read)]
    if run.calls:
        said.append(cost(run.cost, run.cost_known, run.currency))
    said.append(span_of(run.finished_at - run.started_at))
    if run.files_unsettled:
        said.append(f"{plural(run.files_unsettled, 'file')} left for the next run")
    line = Text(run.status.replace("_", " "), style=f"bold {_STYLES.get(run.status, 'red')}")
    line.append(f": {' · '.join(said)}", style="default not bold")
    return line


def _shortfall(run: RunRecord, missing: int) -> Iterator[str]:
    statuses = {status: getattr(run, f"pages_{status}") for status in AGAIN}
    if missing:
        yield counts(statuses | {"open": max(0, missing - sum(statuses.values()))})
    if run.files_failure:
        yield f"{plural(run.files_failure, 'file')} not read"


def reason(run: RunRecord) -> str | None:
    """Say why a run stopped before its end; None if it did not."""
    if run.error_kind is None:
        return None
    return f"{run.error_kind}: {short(run.error_message or '', 1_000)}"


def next_steps(run: RunRecord, out: str, again: str) -> Iterator[tuple[str, str]]:
    """Name the commands to type next; *again* is the one that made this run."""
    if run.status in {"stopped", "interrupted"}:
        # Typed as it stands, it would stop at once: the limit is part of it.
        yield "raise the limit in" if run.error_kind == "budget" else "resume", again
    if wanted := [status for status in AGAIN if getattr(run, f"pages_{status}")]:
        yield "ask again", command("pagemill", "retry", "--out", out, *ledger_words(run), "--only", ",".join(wanted))
    if run.pages:
        path = f"{out}/pages" if scheme_of(out) is not None else str(PurePath(out, "pages"))
        yield "open", python_command(f"import pandas as pd; print(pd.read_parquet({path!r}))", _python())


def ledger_words(run: RunRecord) -> tuple[str, ...]:
    """Repeat the ledger that was named, unless that would print a password."""
    ledger = json.loads(run.config).get("ledger")
    return ("--ledger", ledger) if ledger and not urlsplit(ledger).password else ()


def as_json(run: RunRecord, out: str) -> str:
    """Give the summary as one JSON object."""
    fields = asdict(run) | {"config": json.loads(run.config), "out": out}
    return json.dumps(fields, default=_plain)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else visible(str(value))


def _python() -> str:
    """Name the Python that has what pagemill has: another one on the path may lack pandas."""
    found = shutil.which("python")
    same = found is not None and Path(found).absolute() == Path(sys.executable).absolute()
    return "python" if same else os.path.relpath(sys.executable)
