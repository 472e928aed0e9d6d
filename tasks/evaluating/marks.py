"""What reviewers said of pages, as truth: a corrected text is what stands there, a page marked right says so itself.

Marks also say what flags and statuses are worth: how many of the pages that carry one are wrong.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from schemas.records import PageRecord, ReviewRecord
from tasks.evaluating.comparing import TRANSCRIBING, text_score, transcript
from tasks.evaluating.scores import TextScore


@dataclass(frozen=True, slots=True)
class Marked:
    """How pages that share something were marked; a corrected page was wrong."""

    name: str
    right: int
    wrong: int

    @property
    def wrong_share(self) -> float:
        """Share of the marked pages that were wrong."""
        return self.wrong / (self.right + self.wrong)


def review_scores(
    reviews: Iterable[ReviewRecord], pages: Sequence[PageRecord], *, ignore_case: bool
) -> Iterator[TextScore]:
    """Compare pages with what reviewers made of them.

    A correction holds for every answer to the same question of the page, whichever model gave it; a mark `right` for
    the answer it was given to. A page marked `wrong` without a correction says nothing of what stands there.
    """
    said = marks_by_page(reviews)
    for page in pages:
        if page.operation not in TRANSCRIBING:
            continue
        truth = _truth(said.get(page_of(page), ()), page)
        if truth is not None:
            yield text_score(truth, _reviewed(page), [page], page.page_no, basis="review", ignore_case=ignore_case)


def _truth(marks: Sequence[ReviewRecord], page: PageRecord) -> str | None:
    for mark in marks:
        if mark.mark == "corrected":
            return mark.corrected_text
        if mark.mark == "right" and mark.request_key == page.request_key:
            return _reviewed(page)
    return None


def _reviewed(page: PageRecord) -> str:
    """What reviewers look at, and correct: of a translation, the translation."""
    return (page.text or "") if page.operation == "translation" else transcript(page)


PageOf = tuple[str, int, str, str | None]
"""A page and what was asked of it: document, number, operation, and which schema, language or question."""


def page_of(row: ReviewRecord | PageRecord) -> PageOf:
    """Say of which page a row is, and of what was asked of it."""
    return row.doc_id, row.page_no, row.operation, row.variant


def marks_by_page(reviews: Iterable[ReviewRecord]) -> Mapping[PageOf, Sequence[ReviewRecord]]:
    """Keep the last word on each answer; those on answers to the same question of a page together, newest first."""
    ordered = sorted(reviews, key=lambda review: review.marked_at)
    last = {(page_of(review), review.request_key): review for review in ordered}
    found: defaultdict[PageOf, list[ReviewRecord]] = defaultdict(list)
    for review in sorted(last.values(), key=lambda review: review.marked_at, reverse=True):
        found[page_of(review)].append(review)
    return found


def worth(reviews: Iterable[ReviewRecord], pages: Sequence[PageRecord]) -> tuple[Marked, ...]:
    """Count right and wrong pages by status, and by each flag; only marks of the answer that stands now."""
    said = marks_by_page(reviews)
    counts: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for page in pages:
        review = next((mark for mark in said.get(page_of(page), ()) if mark.request_key == page.request_key), None)
        if review is None:
            continue
        names = [f"status {page.status}", *(f"flag {flag.name}" for flag in page.flags)]
        for name in names if page.flags else [*names, "no flag"]:
            counts[name][review.mark == "right"] += 1
    return tuple(Marked(name, found[True], found[False]) for name, found in sorted(counts.items()))
