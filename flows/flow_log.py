"""What a scheduled flow run says of itself: plain lines in the run's own log, few of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from logging import Logger, LoggerAdapter
from typing import Any

from flows.wording import short, visible
from schemas.config import RunConfig
from schemas.documents import RejectedDocument
from schemas.records import READ, CallRecord, PageRecord, RunRecord
from schemas.requests import Recipe

EVERY = 30.0
"""Seconds between lines of progress."""
OF_A_KIND = 20
"""Problems of one kind that get a line of their own; the tables have them all."""
LINE = 1_000
"""Letters of a line; Prefect refuses a log message beyond 25,000."""


class FlowLog:
    """A reporter that writes into the log of the flow run. Never the text of a page: it can be long, and private."""

    def __init__(self, logger: Logger | LoggerAdapter[Any]) -> None:
        self.logger = logger
        self.first_problem: str | None = None
        self.on_progress: Callable[[int, int], None] = lambda _done, _of: None
        self._done = 0
        self._found = 0
        self._kept = 0
        self._calls: Counter[str] = Counter()
        self._problems: Counter[str] = Counter()
        self._said_at = time.monotonic()

    def started(self, run_id: str, recipe: Recipe, config: RunConfig) -> None:
        """Say what begins."""
        self.logger.info(
            "run %s: %s by %s/%s into %s", run_id, recipe.operation, recipe.backend, recipe.model, config.out
        )

    def found(self, *, files: int, pages: int, kept: int) -> None:
        """Note how much there is."""
        self._found = pages
        self._done += kept - self._kept
        self._kept = kept
        self._progress(files)

    def rejected(self, document: RejectedDocument) -> None:
        """Say which file cannot be read."""
        self._problem(document.error.kind, f"{document.file.source}: {document.error}")

    def page(self, record: PageRecord) -> None:
        """Count a page; say which was not read."""
        self._done += 1
        if record.status not in READ:
            what = f"{record.source} page {record.page_no}: {record.status}: {record.error_message}"
            self._problem(record.error_kind or record.status, what)
        self._progress()

    def call(self, call: CallRecord) -> None:
        """Count a send."""
        self._calls[call.outcome] += 1

    def note(self, message: str) -> None:
        """Say it."""
        self.logger.info("%s", message)

    def finished(self, run: RunRecord) -> None:
        """Say how it ended."""
        self.logger.info(
            "run %s: %s; %d of %d pages read", run.run_id, run.status, run.pages_ok + run.pages_blank, run.pages
        )

    def _problem(self, kind: str, what: str) -> None:
        what = short(visible(what), LINE)
        self.first_problem = self.first_problem or what
        self._problems[kind] += 1
        if self._problems[kind] <= OF_A_KIND:
            self.logger.warning("%s", what)
        elif self._problems[kind] == OF_A_KIND + 1:
            self.logger.warning("more of %s; the tables have them all", kind)

    def _progress(self, files: int | None = None) -> None:
        self.on_progress(self._done, self._found)
        if time.monotonic() - self._said_at < EVERY:
            return
        self._said_at = time.monotonic()
        calls = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self._calls.items()))
        where = f" in {files} files" if files is not None else ""
        self.logger.info("%d of %d pages%s; calls: %s", self._done, self._found, where, calls or "none")
