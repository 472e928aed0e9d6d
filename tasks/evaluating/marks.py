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

    A correction holds for every reading of the page by that operation, a mark `right` for the answer it was given to.
    A page marked `wrong` without a correction says nothing of what stands there.
    """
    said = latest(reviews)
    for page in pages:
        review = said.get((page.doc_id, page.page_no, page.operation))
        if review is None or page.operation not in TRANSCRIBING:
            continue
        truth = _truth(review, page)
        if truth is not None:
            yield text_score(truth, _reviewed(page), [page], page.page_no, basis="review", ignore_case=ignore_case)


def _truth(review: ReviewRecord, page: PageRecord) -> str | None:
    if review.mark == "corrected":
        return review.corrected_text
    same = review.mark == "right" and review.request_key == page.request_key
    return _reviewed(page) if same else None


def _reviewed(page: PageRecord) -> str:
    """What reviewers look at, and correct: of a translation, the translation."""
    return (page.text or "") if page.operation == "translation" else transcript(page)


def latest(reviews: Iterable[ReviewRecord]) -> Mapping[tuple[str, int, str], ReviewRecord]:
    """Keep the last word on each page of each operation."""
    ordered = sorted(reviews, key=lambda review: review.marked_at)
    return {(review.doc_id, review.page_no, review.operation): review for review in ordered}


def worth(reviews: Iterable[ReviewRecord], pages: Sequence[PageRecord]) -> tuple[Marked, ...]:
    """Count right and wrong pages by status, and by each flag; only marks of the answer that stands now."""
    said = latest(reviews)
    counts: defaultdict[str, Counter[bool]] = defaultdict(Counter)
    for page in pages:
        review = said.get((page.doc_id, page.page_no, page.operation))
        if review is None or review.request_key != page.request_key:
            continue
        names = [f"status {page.status}", *(f"flag {flag.name}" for flag in page.flags)]
        for name in names if page.flags else [*names, "no flag"]:
            counts[name][review.mark == "right"] += 1
    return tuple(Marked(name, found[True], found[False]) for name, found in sorted(counts.items()))
