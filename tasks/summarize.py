"""From rows of pages to a row of their file, and from rows of files to the figures of a run. Pure."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from math import fsum
from typing import get_args

from schemas.documents import Document, RejectedDocument
from schemas.records import READ, FileRecord, FileStatus, PageRecord, PageStatus
from schemas.requests import Recipe
from schemas.usage import Usage
from tasks.extraction.whole import whole

_TOKENS = ("input_tokens", "output_tokens", "image_tokens", "cached_tokens", "reasoning_tokens")
_COUNTED = ("pages_selected", "calls", *_TOKENS)


@dataclass(frozen=True, slots=True)
class Totals:
    """Files and pages by status, and all that was ever spent on them."""

    files: Counter[str] = field(default_factory=Counter)
    pages: Counter[str] = field(default_factory=Counter)
    pages_selected: int = 0
    calls: int = 0
    usage: Usage = field(default_factory=Usage)
    cost_known: float = 0.0
    cost_unknown_files: int = 0

    @property
    def cost(self) -> float | None:
        """All money; None if any part of it is unknown."""
        return None if self.cost_unknown_files else self.cost_known


def totals(files: Iterable[FileRecord]) -> Totals:
    """Add up files, holding none of them: there can be millions.

    Money is summed exactly, so that the order of files cannot show in the last digit.
    """
    statuses: Counter[str] = Counter()
    pages: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    costs = array("d")
    for row in files:
        statuses[row.status] += 1
        pages.update({status: getattr(row, f"pages_{status}") for status in get_args(PageStatus)})
        counts.update({name: getattr(row, name) for name in _COUNTED})
        counts["unknown"] += row.cost is None
        costs.append(row.cost_known)
    return Totals(
        files=statuses,
        pages=+pages,
        pages_selected=counts["pages_selected"],
        calls=counts["calls"],
        usage=Usage(**{name: counts[name] for name in _TOKENS}),
        cost_known=fsum(costs),
        cost_unknown_files=counts["unknown"],
    )


def file_status(pages: Counter[str], selected: int) -> FileStatus:
    """Say how a file fared: never `success` while a page of it is missing."""
    read = sum(pages[status] for status in READ)
    if selected == 0:
        return "skipped"
    if read == selected:
        return "success"
    with_text = read + pages["truncated"] + pages["suspect"]
    return "partial_success" if with_text else "failure"


def file_record(
    document: Document,
    rows: Sequence[PageRecord],
    *,
    selected: int,
    duplicate_of: str | None,
    recipe: Recipe,
    run_id: str,
    now: datetime,
) -> FileRecord:
    """Make the row of a file from the rows of its pages; *selected* pages were to be read."""
    pages: Counter[str] = Counter(row.status for row in rows)
    status = file_status(pages, selected)
    merged = whole(rows)
    worst = next((row for row in rows if row.error_kind), None)
    return FileRecord(
        run_id=run_id,
        doc_id=document.doc_id,
        source=document.file.source,
        name=document.file.name,
        media_type=document.media_type,
        size_bytes=document.file.size_bytes,
        modified_at=document.file.modified_at,
        status=status,
        error_kind=worst.error_kind if worst and status != "success" else None,
        error_message=f"page {worst.page_no}: {worst.error_message}" if worst and status != "success" else None,
        operation=recipe.operation,
        backend=recipe.backend,
        model=recipe.model,
        page_count=document.page_count,
        pages_selected=selected,
        pages_ok=pages["ok"],
        pages_blank=pages["blank"],
        pages_truncated=pages["truncated"],
        pages_suspect=pages["suspect"],
        pages_blocked=pages["blocked"],
        pages_invalid=pages["invalid"],
        pages_failed=pages["failed"],
        pages_skipped=pages["skipped"],
        duplicate_of=duplicate_of,
        calls=sum(row.calls for row in rows),
        retries=sum(row.retries for row in rows),
        input_tokens=sum(row.input_tokens for row in rows),
        output_tokens=sum(row.output_tokens for row in rows),
        image_tokens=sum(row.image_tokens for row in rows),
        cached_tokens=sum(row.cached_tokens for row in rows),
        reasoning_tokens=sum(row.reasoning_tokens for row in rows),
        cost=None if any(row.cost is None for row in rows) else fsum(row.cost or 0.0 for row in rows),
        cost_known=fsum(row.cost_known for row in rows),
        currency=next((row.currency for row in rows if row.currency), None),
        price_date=next((row.price_date for row in rows if row.price_date), None),
        text_chars=sum(len(row.text or "") for row in rows),
        notes=document.notes,
        finished_at=now,
        result=merged.result,
        result_conflicts=merged.conflicts,
        evidence=merged.evidence,
        recipe_id=recipe.recipe_id,
        variant=recipe.variant,
    )


def rejected_record(rejected: RejectedDocument, *, recipe: Recipe, run_id: str, now: datetime) -> FileRecord:
    """Make the row of a file that could not be read at all.

    What lies in a folder and is no document was skipped, not failed: nobody named it.
    """
    found_by_walking = rejected.error.kind == "unsupported" and not rejected.file.explicit
    return FileRecord(
        run_id=run_id,
        doc_id=rejected.doc_id,
        source=rejected.file.source,
        name=rejected.file.name,
        size_bytes=rejected.file.size_bytes,
        modified_at=rejected.file.modified_at,
        status="skipped" if found_by_walking else "failure",
        error_kind=rejected.error.kind,
        error_message=str(rejected.error),
        operation=recipe.operation,
        backend=recipe.backend,
        model=recipe.model,
        cost=0.0,
        finished_at=now,
        recipe_id=recipe.recipe_id,
        variant=recipe.variant,
    )
