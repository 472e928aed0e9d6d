"""An evaluation in words and figures: on a terminal, and as JSON. Pure but for the printing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.evaluation import Evaluation
from flows.wording import plural, visible
from tasks.evaluating.totals import Figures

_LISTED = 3


def percent(share: float | None) -> str:
    """Write a share; nothing where there is none."""
    return "" if share is None else f"{share:.1%}"


def heads(evaluation: Evaluation) -> tuple[str, ...]:
    """Name the columns: one for each operation, model and kind of truth."""
    several = len({each.basis for each in evaluation.figures}) > 1
    return ("", *(_named(each, several=several) for each in evaluation.figures))


def _named(each: Figures, *, several: bool) -> str:
    return f"{each.operation} by {each.model}{f', against {each.basis}' if several else ''}"


def figure_rows(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """Write the figures, a row each; what nobody has is left out."""
    cells = [_cells(each) for each in evaluation.figures]
    names = dict.fromkeys(name for each in cells for name in each)
    rows = [(name, *(each.get(name, "") for each in cells)) for name in names]
    return [row for row in rows if any(row[1:])]


def _cells(each: Figures) -> dict[str, str]:
    found = each.fields
    return {
        "documents": f"{each.documents:,}",
        "texts compared": f"{each.texts:,}" if each.texts else "",
        "characters of truth": f"{each.truth_chars:,}" if each.texts else "",
        "character error rate": percent(each.cer),
        "  in any order": percent(each.cer_any_order),
        "  read besides": percent(each.extra),
        "word error rate": percent(each.wer),
        "word F1": percent(each.word_f1),
        "tables": f"{each.tables:,}" if each.tables else "",
        "  cell F1": percent(each.cell_f1),
        "  relation F1": percent(each.relation_f1),
        "fields": f"{found.hit + found.wrong + found.missing + found.extra:,}" if each.by_field else "",
        "  precision": percent(found.precision),
        "  recall": percent(found.recall),
        "  F1": percent(found.f1),
        **{f"facts: {kind}": f"{hits}/{total}" for kind, (hits, total) in each.facts.items()},
    }


def notes(evaluation: Evaluation) -> Iterator[str]:
    """Say what the figures leave out."""
    if evaluation.layout is not None:
        case = "does not count" if evaluation.ignore_case else "counts"
        yield f"layout of the truth: {evaluation.layout}; case {case}"
    if evaluation.unjudged and evaluation.truth:
        yield f"{plural(evaluation.unjudged, 'document')} without a truth left out"
    for names, what in (
        (evaluation.unread, "with a truth, of which no page was read"),
        (evaluation.unmatched, "of no document here"),
        (evaluation.ambiguous, "that may be of several documents"),
    ):
        if names:
            more = "" if len(names) <= _LISTED else " ..."
            noun = "document" if names is evaluation.unread else "truth"
            yield f"{plural(len(names), noun)} {what}: {', '.join(map(visible, names[:_LISTED]))}{more}"


def show(evaluation: Evaluation, data: Console, words: Console) -> None:
    """Print the tables; what they leave out goes where words go."""
    for note in notes(evaluation):
        words.print(Text(note), soft_wrap=True, highlight=False)
    if evaluation.figures:
        data.print(_table(heads(evaluation), figure_rows(evaluation)))
    if evaluation.worth:
        rows = [(each.name, str(each.right), str(each.wrong), percent(each.wrong_share)) for each in evaluation.worth]
        data.print(_table(("pages with", "right", "wrong", "share wrong"), rows))


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for number, title in enumerate(titles):
        table.add_column(Text(visible(title)), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(visible(cell)) for cell in row))
    return table


def as_json(evaluation: Evaluation) -> str:
    """Give all figures as one JSON object; the rows behind them are in the files of `--to`."""
    told = {
        "out": evaluation.out,
        "truth": evaluation.truth,
        "layout": evaluation.layout,
        "ignore_case": evaluation.ignore_case,
        "figures": [_public(each) for each in evaluation.figures],
        "worth": [asdict(each) for each in evaluation.worth],
        "unmatched": evaluation.unmatched,
        "ambiguous": evaluation.ambiguous,
        "unread": evaluation.unread,
        "unjudged": evaluation.unjudged,
    }
    return json.dumps(told, ensure_ascii=False)


def _public(each: Figures) -> dict[str, object]:
    found = each.fields
    rates = {"precision": found.precision, "recall": found.recall, "f1": found.f1}
    return {**asdict(each), "fields": asdict(found) | rates}
