"""Counting how far a share is, beside whoever is told of its run."""

from __future__ import annotations

from collections.abc import Mapping

from schemas.config import RunConfig
from schemas.documents import RejectedDocument
from schemas.models import ModelSpec
from schemas.records import READ, CallRecord, PageRecord, RunRecord
from schemas.requests import Recipe
from tasks.account import priced, tally
from tasks.ports import Reporter


class Counting:
    """A reporter that counts, and passes on what it is told."""

    def __init__(self, inner: Reporter, models: Mapping[str, ModelSpec]) -> None:
        self._inner = inner
        self._models = models
        self._kept = 0
        self._rows = 0
        self.failed = 0
        self.calls = 0
        self.cost_known = 0.0

    @property
    def done(self) -> int:
        """Pages that have their rows, of this run or an earlier one."""
        return self._kept + self._rows

    def started(self, run_id: str, recipe: Recipe, config: RunConfig) -> None:
        """Pass it on."""
        self._inner.started(run_id, recipe, config)

    def found(self, *, files: int, pages: int, kept: int) -> None:
        """Note what is done already."""
        self._kept = kept
        self._inner.found(files=files, pages=pages, kept=kept)

    def rejected(self, document: RejectedDocument) -> None:
        """Pass it on."""
        self._inner.rejected(document)

    def page(self, record: PageRecord) -> None:
        """Count a page."""
        self._rows += 1
        self.failed += record.status not in READ
        self._inner.page(record)

    def call(self, call: CallRecord) -> None:
        """Count what a send cost."""
        self.calls += 1
        self.cost_known += tally(priced([call], self._models)).cost_known
        self._inner.call(call)

    def note(self, message: str) -> None:
        """Pass it on."""
        self._inner.note(message)

    def finished(self, run: RunRecord) -> None:
        """Pass it on."""
        self._inner.finished(run)
