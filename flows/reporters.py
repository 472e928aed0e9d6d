"""Several who are told how a run goes, as one."""

from __future__ import annotations

from schemas.config import RunConfig
from schemas.documents import RejectedDocument
from schemas.records import CallRecord, PageRecord, RunRecord
from schemas.requests import Recipe
from tasks.ports import Reporter


class Several:
    """A reporter that tells others."""

    def __init__(self, *others: Reporter) -> None:
        self._others = others

    def started(self, run_id: str, recipe: Recipe, config: RunConfig) -> None:
        """Pass it on."""
        for other in self._others:
            other.started(run_id, recipe, config)

    def found(self, *, files: int, pages: int, kept: int) -> None:
        """Pass it on."""
        for other in self._others:
            other.found(files=files, pages=pages, kept=kept)

    def rejected(self, document: RejectedDocument) -> None:
        """Pass it on."""
        for other in self._others:
            other.rejected(document)

    def page(self, record: PageRecord) -> None:
        """Pass it on."""
        for other in self._others:
            other.page(record)

    def call(self, call: CallRecord) -> None:
        """Pass it on."""
        for other in self._others:
            other.call(call)

    def note(self, message: str) -> None:
        """Pass it on."""
        for other in self._others:
            other.note(message)

    def finished(self, run: RunRecord) -> None:
        """Pass it on."""
        for other in self._others:
            other.finished(run)
