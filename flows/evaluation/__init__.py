"""How near an output is to the truth: what `pagemill evaluate` does, to be called by whoever wants the figures.

from flows.evaluation import evaluate

found = evaluate("results", "truth")
found.figures[0].cer
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flows.evaluation import truths
from flows.evaluation.matching import Matches, matched
from flows.results import ReadDocument, Results
from flows.results import open as open_results
from flows.wording import nearest, visible
from schemas.errors import NoInput, UsageFault
from schemas.records import PageRecord, ReviewRecord
from tasks.evaluating.comparing import STRUCTURED, TRANSCRIBING, can_compare, checks, text_scores
from tasks.evaluating.marks import Marked, marks_by_page, page_of, review_scores, worth
from tasks.evaluating.scores import CheckScore, TextScore
from tasks.evaluating.totals import Figures, figures
from tasks.evaluating.truth import Truth
from tasks.places import Where
from tasks.reviews import read_reviews

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True)
class Evaluation:
    """What came of it: figures for each operation and model, and the rows behind them.

    `unmatched` and `ambiguous` are files of truth that belong to no document, or to several. `unread` are documents
    with a truth of which there is no page. `unjudged` is how many documents have no truth.
    """

    out: str
    truth: str | None
    layout: str | None
    ignore_case: bool
    figures: tuple[Figures, ...]
    worth: tuple[Marked, ...]
    texts: tuple[TextScore, ...]
    checks: tuple[CheckScore, ...]
    unmatched: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    unjudged: int = 0


@dataclass
class _Gathered:
    texts: list[TextScore] = field(default_factory=list)
    checks: list[CheckScore] = field(default_factory=list)
    reviewed: list[PageRecord] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    incomparable: set[str] = field(default_factory=set)
    seen: set[tuple[str, ...]] = field(default_factory=set)

    def is_new(self, page: PageRecord) -> bool:
        """Whether no copy of the file brought this page already: one mark is one page."""
        name = (page.doc_id, str(page.page_no), page.operation, page.model)
        is_new = name not in self.seen
        self.seen.add(name)
        return is_new


def evaluate(
    out: str | os.PathLike[str],
    truth: str | os.PathLike[str] | None = None,
    *,
    operation: str | None = None,
    model: str | None = None,
    ignore_case: bool = False,
    reviews: bool = True,
) -> Evaluation:
    """Hold an output against a folder of truth, against the marks of its reviewers, or both.

    Raises:
        NoInput: if there is no output, no truth, or no document that it is of.
        UsageFault: if the operation is not one that can be judged by it, or a file of truth is broken.
        OutputFault: if a table is damaged.
    """
    folder = None if truth is None else Path(truth)
    layout = truths.layout_of(folder) if folder else None
    with open_results(out) as read:
        _check_ways(read, operation, model)
        marks = read_reviews(read.place) if reviews else []
        found = _matched(read, folder, layout, marks)
        gathered = _gather(read, found, marks, (operation, model), ignore_case=ignore_case)
        unjudged = len({reading.source for reading in read.readings} - set(found.by_source))
    if not (gathered.texts or gathered.checks or gathered.reviewed):
        raise _nothing(gathered, folder)
    return Evaluation(
        out=str(out),
        truth=None if folder is None else str(folder),
        layout=layout,
        ignore_case=ignore_case,
        figures=figures(gathered.texts, gathered.checks),
        worth=worth(marks, gathered.reviewed),
        texts=tuple(gathered.texts),
        checks=tuple(gathered.checks),
        unmatched=found.unmatched,
        ambiguous=found.ambiguous,
        unread=tuple(gathered.unread),
        unjudged=unjudged,
    )


def _check_ways(read: Results, operation: str | None, model: str | None) -> None:
    for option, value in (("operation", operation), ("model", model)):
        there = {getattr(reading, option) for reading in read.readings}
        if value is not None and value not in there:
            msg = f"--{option}: nothing in {read.out} was read by {visible(value)!r}"
            raise UsageFault(msg, advice=nearest(value, there))


def _matched(read: Results, folder: Path | None, layout: str | None, marks: Sequence[ReviewRecord]) -> Matches:
    if folder is None or layout is None:
        if not marks:
            msg = f"there is nothing to hold {read.out} against: no --truth, and no marks of reviewers in it"
            raise UsageFault(msg, advice="name a folder of truth: --truth DIR")
        return Matches({})
    every = list(truths.get(layout).read(folder))
    if not every:
        msg = f"{folder} holds no truth"
        raise NoInput(msg, advice="put files beside the names of the documents: a.txt, a.md, a.json, a.facts.jsonl")
    of_truth = {os.path.abspath(truth.origin) for truth in every}  # noqa: PTH100 - no link is followed, as in discovery
    sources = sorted({reading.source for reading in read.readings} - of_truth)
    found = matched(every, sources)
    if not found.by_source and not marks:
        raise _no_match(read.out, folder, every, sources, found)
    return found


def _no_match(out: Where, folder: Path, every: Sequence[Truth], sources: Sequence[str], found: Matches) -> NoInput:
    if found.ambiguous:
        msg = f"{visible(found.ambiguous[0])} may be the truth of several documents in {out}"
        return NoInput(msg, advice="put it in a folder that is called like that of its document")
    msg = f"none of the {len(every)} truths in {folder} is of a document in {out}"
    there = f", such as {visible(sources[0])}" if sources else ""
    return NoInput(msg, advice=f"names must be those of the documents without their ending{there}")


def _gather(
    read: Results,
    found: Matches,
    marks: Sequence[ReviewRecord],
    way: tuple[str | None, str | None],
    *,
    ignore_case: bool,
) -> _Gathered:
    gathered = _Gathered()
    said = marks_by_page(marks)
    wanted = {*found.by_source, *_sources(read, {review.doc_id for review in marks})}
    for document in read.documents(wanted):
        if way[0] not in {None, document.operation} or way[1] not in {None, document.model}:
            continue
        pages = [page.record for page in document.pages]
        for truth in found.by_source.get(document.source, ()):
            _judge(document, pages, truth, gathered, ignore_case=ignore_case)
        reviewed = [page for page in pages if page_of(page) in said and gathered.is_new(page)]
        gathered.reviewed += reviewed
        gathered.texts += review_scores(marks, reviewed, ignore_case=ignore_case)
    return gathered


def _judge(
    document: ReadDocument, pages: Sequence[PageRecord], truth: Truth, gathered: _Gathered, *, ignore_case: bool
) -> None:
    if not pages:
        gathered.unread.append(document.source)
    elif can_compare(document.operation, truth):
        gathered.texts += text_scores(truth, pages, ignore_case=ignore_case)
        gathered.checks += checks(truth, pages, _result(document))
    else:
        gathered.incomparable.add(document.operation)


def _result(document: ReadDocument) -> str | None:
    """Take what was extracted from the whole document; of one whose file has no row yet, from its only page."""
    if document.file is not None:
        return document.file.result
    return document.pages[0].record.result if len(document.pages) == 1 else None


def _sources(read: Results, doc_ids: set[str]) -> Iterator[str]:
    if doc_ids:
        for row in read.arrow("files", ["source", "doc_id"]).to_pylist():
            if row["doc_id"] in doc_ids:
                yield row["source"]


_JUDGED_BY: Mapping[str, str] = {
    STRUCTURED: "a structured reading needs data: .json files",
    **dict.fromkeys(TRANSCRIBING, "a text needs texts or facts: .txt, .md or .facts.jsonl files"),
}


def _nothing(gathered: _Gathered, folder: Path | None) -> UsageFault | NoInput:
    if gathered.incomparable:
        names = ", ".join(sorted(gathered.incomparable))
        msg = f"what was read by {names} cannot be held against the truth in {folder}"
        advice = "; ".join(_JUDGED_BY[name] for name in sorted(gathered.incomparable & set(_JUDGED_BY)))
        return UsageFault(msg, advice=advice or "text, translation and structured readings can be")
    if gathered.unread:
        return NoInput(f"no page of {visible(gathered.unread[0])} was read", advice="see `pagemill files`")
    return NoInput("no page that was read has a truth or a mark", advice="see docs/evaluating.md")
