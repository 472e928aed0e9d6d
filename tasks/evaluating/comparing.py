"""One document held against its truth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from schemas.records import PageRecord
from tasks.evaluating.characters import text_errors
from tasks.evaluating.facts import Page, holds
from tasks.evaluating.fields import field_checks
from tasks.evaluating.grids import table_hits
from tasks.evaluating.scores import Basis, CheckScore, TextScore
from tasks.evaluating.truth import Fact, Truth
from tasks.extraction.pointers import leaves

TRANSCRIBING = frozenset({"text", "translation"})
"""Operations whose rows say what stands on the page; of a translation it is its `source_text`."""
STRUCTURED = "structured"


def transcript(page: PageRecord) -> str:
    """What a row says that stands on its page; nothing where nothing was read."""
    return (page.source_text if page.operation == "translation" else page.text) or ""


def can_compare(operation: str, truth: Truth) -> bool:
    """Whether a truth says anything that a reading by this operation can be held against."""
    if operation == STRUCTURED:
        return truth.data is not None
    return operation in TRANSCRIBING and bool(truth.pages or truth.facts or truth.data is not None)


def text_scores(truth: Truth, pages: Sequence[PageRecord], *, ignore_case: bool) -> Iterator[TextScore]:
    """Compare texts page by page; where the truth is one text, that of all pages."""
    if not truth.pages or not pages or pages[0].operation not in TRANSCRIBING:
        return
    by_number = {page.page_no: page for page in pages}
    if len(truth.pages) == 1 and len(pages) > 1:
        text = "\n\n".join(transcript(page) for page in pages)
        yield text_score(truth.pages[0], text, pages, None, ignore_case=ignore_case)
        return
    for page_no, wanted in enumerate(truth.pages, start=1):
        page = by_number.get(page_no)
        if page is not None:
            yield text_score(wanted, transcript(page), [page], page_no, ignore_case=ignore_case)


def text_score(
    truth: str,
    text: str,
    pages: Sequence[PageRecord],
    page_no: int | None,
    *,
    basis: Basis = "truth",
    ignore_case: bool = False,
) -> TextScore:
    """Compare one text."""
    first = pages[0]
    return TextScore(
        source=first.source,
        name=first.name,
        page_no=page_no,
        operation=first.operation,
        model=first.model,
        status=", ".join(sorted({page.status for page in pages})),
        flags=tuple(sorted({flag.name for page in pages for flag in page.flags})),
        basis=basis,
        **asdict(text_errors(truth, text, ignore_case=ignore_case)),
        **asdict(table_hits(truth, text, ignore_case=ignore_case)),
    )


def checks(truth: Truth, pages: Sequence[PageRecord], result: str | None) -> Iterator[CheckScore]:
    """Check fields of a structured reading, facts of any other."""
    if not pages:
        return
    if pages[0].operation == STRUCTURED:
        yield from _fields(truth, pages[0], result)
    elif pages[0].operation in TRANSCRIBING:
        yield from _facts(truth, pages)


def _fields(truth: Truth, page: PageRecord, result: str | None) -> Iterator[CheckScore]:
    if truth.data is None:
        return
    found: Any = json.loads(result) if result else {}
    for each in field_checks(truth.data, found, truth.aliases):
        yield _check(
            page, None, "field", kind=each.path, outcome=each.outcome, expected=each.expected, found=each.found
        )


def _facts(truth: Truth, pages: Sequence[PageRecord]) -> Iterator[CheckScore]:
    by_number = {page.page_no: Page(transcript(page)) for page in pages}
    whole = Page("\n\n".join(page.text for page in by_number.values()))
    for fact in truth.facts or values(truth):
        place = whole if fact.page_no is None else by_number.get(fact.page_no)
        if place is not None:
            outcome = "hit" if holds(fact, place) else "missing"
            told = f"{fact.text} ... {fact.after}" if fact.after else str(fact.text)
            yield _check(
                pages[0], fact.page_no, "fact", kind=fact.label or fact.kind, outcome=outcome, expected=told, found=None
            )


def values(truth: Truth) -> tuple[Fact, ...]:
    """Take the values of structured data for facts that the text shows."""
    found = ((path, value) for path, value in leaves(truth.data or {}) if value not in {None, ""})
    return tuple(Fact(kind="value", text=value) for _, value in found if not isinstance(value, bool))


def _check(page: PageRecord, page_no: int | None, check: Any, **told: Any) -> CheckScore:
    of_page = {name: getattr(page, name) for name in ("source", "name", "operation", "model")}
    return CheckScore(**of_page, page_no=page_no, check=check, **told)
