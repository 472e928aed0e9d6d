"""Documents to be looked at by somebody before they are read again: hostile ones, and those that keep failing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable

from schemas.status import PageProblem, Quarantined

HOSTILE: frozenset[str] = frozenset({"too_large", "render_timeout", "render_crash", "unforeseen"})
"""Error kinds of documents that took, or would have taken, more time or memory than a page may, or broke the reader."""
ASKED_TWICE = 1
"""Generation from which on a page was asked again on purpose."""


def quarantine(problems: Iterable[PageProblem]) -> tuple[Quarantined, ...]:
    """Pick out the documents that look hostile, or of which pages failed that had been asked again on purpose."""
    by_source: defaultdict[str, list[PageProblem]] = defaultdict(list)
    for problem in problems:
        if problem.error_kind in HOSTILE or (problem.generation >= ASKED_TWICE and problem.status != "suspect"):
            by_source[problem.source].append(problem)
    return tuple(_quarantined(source, found) for source, found in sorted(by_source.items()))


def _quarantined(source: str, problems: list[PageProblem]) -> Quarantined:
    kinds = Counter(problem.error_kind or problem.status for problem in problems)
    return Quarantined(
        source=source,
        reason="looks hostile" if kinds.keys() & HOSTILE else "keeps failing",
        kinds=dict(kinds.most_common()),
        statuses=tuple(sorted({problem.status for problem in problems if problem.page_no is not None})),
        asked_again=max(problem.generation for problem in problems),
    )
