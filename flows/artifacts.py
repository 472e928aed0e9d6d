"""What a flow run leaves in Prefect to look at: its progress, its report, its files. A handful a run, never per page.

Nothing here is worth a run: Prefect being away costs its artifacts and a line in the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from decimal import Decimal
from logging import Logger, LoggerAdapter
from typing import Any, Self
from uuid import UUID

from prefect.artifacts import (
    acreate_markdown_artifact,
    acreate_progress_artifact,
    acreate_table_artifact,
    aupdate_progress_artifact,
)

from flows.report.gather import gather
from flows.report.markdown import markdown
from schemas.arrow import arrow_schema
from schemas.errors import OutputFault
from schemas.records import FileRecord, RunRecord
from tasks.places import Where, place_at

PROGRESS, REPORT, FILES = "pagemill-progress", "pagemill-report", "pagemill-files"
"""Keys: lower case and dashes, for so Prefect wants them. All runs under one key are its history."""
SHOWN_FILES = 100
"""Rows of the table of files; the dataset has them all."""
PERIOD = 30.0
"""Seconds between two writings of the progress, and then only when it has come a tenth further."""
PATIENCE = 20.0
"""Seconds that an artifact may take."""
COLUMNS = ("name", "status", "error_kind", "error_message", "page_count", "pages_ok", "pages_failed", "cost")

Log = Logger | LoggerAdapter[Any]


class ProgressArtifact:
    """Follows a run by tenths. `reached` is cheap and may be called for each page; a task does the writing."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._tenth = 0
        self._moved = asyncio.Event()
        self._artifact: UUID | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to follow."""
        self._task = asyncio.create_task(self._follow())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write where the run ended, and no more."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await bounded(self._write(), self._log)

    def reached(self, done: int, of: int) -> None:
        """Take note of how far the run is, of what it has found so far."""
        tenth = min(done, of) * 10 // of if of else 0
        if tenth != self._tenth:
            self._tenth = tenth
            self._moved.set()

    async def _follow(self) -> None:
        while True:
            await bounded(self._write(), self._log)
            await asyncio.sleep(PERIOD)
            await self._moved.wait()

    async def _write(self) -> None:
        self._moved.clear()
        percent = 10.0 * self._tenth
        if self._artifact is None:
            self._artifact = await acreate_progress_artifact(percent, PROGRESS, "pages read, of those found so far")
        else:
            await aupdate_progress_artifact(self._artifact, percent)


async def leave_report(record: RunRecord, out: str, log: Log) -> None:
    """Leave the report of a run that is over, and the table of its files, those with a problem first."""
    try:
        text = await asyncio.to_thread(report, record, out)
    except OutputFault as error:
        log.warning("no report of the run: %s", error)
        return
    if not await bounded(acreate_markdown_artifact(text, REPORT, "how the run went"), log):
        return
    rows = await asyncio.to_thread(files_to_show, out)
    if rows:
        about = f"files, those with a problem first; at most {SHOWN_FILES} of {record.files}"
        await bounded(acreate_table_artifact(rows, FILES, about), log)


async def bounded(work: Coroutine[Any, Any, object], log: Log) -> bool:
    """Do something for Prefect, for as long as it is worth; give whether it worked out."""
    try:
        await asyncio.wait_for(work, PATIENCE)
    except Exception as error:  # noqa: BLE001 - whatever Prefect's client raises, the run is worth more
        log.warning("an artifact could not be left: %r", error)
        return False
    return True


def report(record: RunRecord, out: str) -> str:
    """Write how a run went as Markdown: what stands in its `report.html`, with fewer files.

    Raises:
        OutputFault: if a table cannot be read.
    """
    return markdown(gather(record, out))


def files_to_show(out: Where, limit: int = SHOWN_FILES) -> list[dict[str, Any]]:
    """Pick files of a dataset for a table: those with a problem first, and never more than *limit*."""
    from pyarrow import dataset, string

    try:
        files = place_at(out).dataset("files", arrow_schema(FileRecord))
        bad = dataset.field("status").cast(string()) != "success"
        rows = files.scanner(columns=list(COLUMNS), filter=bad).head(limit).to_pylist()
        rest = files.scanner(columns=list(COLUMNS), filter=~bad).head(limit - len(rows)).to_pylist()
    except FileNotFoundError:  # the run may have ended before there was one
        return []
    return [{name: _plain(value) for name, value in row.items()} for row in rows + rest]


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    return float(value) if isinstance(value, Decimal) else value
