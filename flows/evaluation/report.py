"""An evaluation as files: `report.md` to be read, `texts.parquet` and `checks.parquet` to go on with."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flows.evaluation import Evaluation
from flows.evaluation.telling import figure_rows, heads, notes, percent
from flows.wording import short
from schemas.arrow import arrow_schema
from tasks.aside import written_aside
from tasks.evaluating.scores import CheckScore, TextScore

WORST = 20
"""Pages and misses that the report lists; the tables have all."""
_ACTS = re.compile(r"([\\`*_\[\]|#~$])")


def write(evaluation: Evaluation, to: Path) -> tuple[Path, ...]:
    """Write the three files, each whole or not at all.

    Raises:
        OutputFault: if they cannot be written.
    """
    report = to / "report.md"
    with written_aside(to, report) as file:
        file.write("\n".join(_lines(evaluation)).encode("utf-8", "replace"))
    texts = _table(to, "texts", TextScore, evaluation.texts)
    return report, texts, _table(to, "checks", CheckScore, evaluation.checks)


def _table(to: Path, name: str, kind: type[Any], rows: Sequence[Any]) -> Path:
    path = to / f"{name}.parquet"
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=arrow_schema(kind))
    with written_aside(to, path) as file:
        pq.write_table(table, file, compression="zstd")
    return path


def _lines(evaluation: Evaluation) -> Iterator[str]:
    against = f"the truth in {_cell(evaluation.truth)}" if evaluation.truth else "the marks of its reviewers"
    yield from (f"# {_cell(evaluation.out)}, held against {against}", "")
    yield from (f"- {_cell(note)}" for note in notes(evaluation))
    yield from ("", *_rows(heads(evaluation), figure_rows(evaluation)))
    yield from _by_field(evaluation)
    yield from _worst_texts(evaluation.texts)
    yield from _misses(evaluation.checks)
    if evaluation.worth:
        rows = [(each.name, each.right, each.wrong, percent(each.wrong_share)) for each in evaluation.worth]
        yield from ("", "## What flags are worth", "", *_rows(("pages with", "right", "wrong", "share wrong"), rows))
    yield ""


def _by_field(evaluation: Evaluation) -> Iterator[str]:
    for figures in evaluation.figures:
        if figures.by_field:
            yield from ("", f"## Fields, {_cell(figures.operation)} by {_cell(figures.model)}", "")
            rows = [
                (path, each.hit, each.wrong, each.missing, each.extra, *map(percent, (each.precision, each.recall)))
                for path, each in figures.by_field.items()
            ]
            yield from _rows(("field", "hit", "wrong", "missing", "extra", "precision", "recall"), rows)


def _worst_texts(texts: Sequence[TextScore]) -> Iterator[str]:
    worst = sorted((row for row in texts if row.wrong_chars), key=lambda row: -row.wrong_chars)[:WORST]
    if worst:
        yield from ("", "## Texts with the most errors", "")
        titles = ("file", "page", "model", "status", "characters", "wrong", "wrong in any order")
        rows = [(r.name, r.page_no, r.model, r.status, r.truth_chars, r.wrong_chars, r.lost_chars) for r in worst]
        yield from _rows(titles, rows)


def _misses(checks: Sequence[CheckScore]) -> Iterator[str]:
    missed = [row for row in checks if row.outcome != "hit"]
    if missed:
        yield from ("", f"## Not found ({len(missed)}, the first {min(len(missed), WORST)} here)", "")
        rows = [(r.name, r.page_no, r.kind, r.outcome, r.expected, r.found) for r in missed[:WORST]]
        yield from _rows(("file", "page", "what", "outcome", "expected", "found"), rows)


def _rows(titles: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    yield f"| {' | '.join(map(_cell, titles))} |"
    yield f"|{'---|' * len(titles)}"
    for row in rows:
        yield f"| {' | '.join('' if value is None else _cell(str(value)) for value in row)} |"


def _cell(text: str | None) -> str:
    """Write what documents say so that no reader of Markdown takes it for markup, HTML or a link."""
    return _ACTS.sub(r"\\\1", html.escape(short(text or "", 120), quote=False))
