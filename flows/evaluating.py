"""The command that holds results against the truth: evaluate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.exporting import apart
from flows.inspecting import Model, Operation
from flows.options import AsJson, Out
from flows.session import Session


def evaluate(
    ctx: typer.Context,
    out: Out,
    truth: Annotated[
        Path | None,
        typer.Option(
            "--truth", metavar="DIR", help="What stands in the documents: text, data, facts.", show_default=False
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", metavar="DIR", help="Where a report and the rows behind the figures go.")
    ] = None,
    operation: Operation = None,
    model: Model = None,
    *,
    ignore_case: Annotated[bool, typer.Option("--ignore-case", help="Take A and a for the same.")] = False,
    reviews: Annotated[
        bool, typer.Option("--reviews/--no-reviews", help="Use the marks that reviewers left in the output.")
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Hold what was read against the truth: errors of characters and words, tables, fields, facts."""
    from flows import evaluation
    from flows.evaluation import report, telling

    session: Session = ctx.obj
    folder = None if to is None else apart(to, out)
    found = evaluation.evaluate(out, truth, operation=operation, model=model, ignore_case=ignore_case, reviews=reviews)
    written = () if folder is None else report.write(found, folder)
    if as_json:
        session.emit(telling.as_json(found))
    else:
        telling.show(found, session.data, session.words)
        if written:
            session.emit(f"report: {written[0]}")
