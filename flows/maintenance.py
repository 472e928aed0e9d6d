"""Flows that look after results that are there: `compact-results` and `evaluate-results`."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import PurePath
from typing import Annotated

from prefect import flow, get_run_logger
from prefect.artifacts import acreate_markdown_artifact
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import Field

from flows.artifacts import bounded
from flows.process_documents import stopped
from flows.wording import plural
from schemas.errors import RunError

EVALUATION = "pagemill-evaluation"
"""Key of the report of an evaluation."""
_MB = 1_000_000


def _compact_name() -> str:
    return f"compact: {PurePath(flow_run.parameters['out']).name}"


def _evaluate_name() -> str:
    return f"evaluate: {PurePath(flow_run.parameters['out']).name}"


@flow(name="compact-results", flow_run_name=_compact_name, retries=0, persist_result=False)
async def compact_results(
    out: str, ledger: str | None = None, target_mb: Annotated[float, Field(ge=0.001)] = 256
) -> State[None]:
    """Merge the many small files of an output into few. Fails while a run is at work on it; the next one does it.

    Args:
        out: The output.
        ledger: Its ledger, where that is not in it.
        target_mb: Size of the files.
    """
    from tasks.compaction import compact

    try:
        done = await compact(out, ledger, target_bytes=round(target_mb * _MB))
    except RunError as error:
        return stopped(error)
    said = [f"{table} {merged.files_before} -> {merged.files_after}" for table, merged in done.items()]
    return Completed(message=f"files: {', '.join(said)}")


@flow(name="evaluate-results", flow_run_name=_evaluate_name, retries=0, persist_result=False)
async def evaluate_results(
    out: str, to: str, truth: str | None = None, operation: str | None = None, model: str | None = None
) -> State[None]:
    """Hold results against the truth; the report is written to a folder and left as an artifact.

    Args:
        out: The output.
        to: Where the report and the rows behind its figures go; not inside the output.
        truth: What stands in the documents; without it the marks of reviewers count.
        operation: Which operation, where there are several.
        model: Which model, where there are several.
    """
    from flows import evaluation
    from flows.evaluation import report
    from flows.exporting import apart

    try:
        folder = apart(to, out)
        look = partial(evaluation.evaluate, out, truth, operation=operation, model=model)
        found = await asyncio.to_thread(look)
        written = await asyncio.to_thread(report.write, found, folder)
    except RunError as error:
        return stopped(error)
    text = await asyncio.to_thread(written[0].read_text, "utf-8")
    await bounded(acreate_markdown_artifact(text, EVALUATION, f"{out} held against the truth"), get_run_logger())
    return Completed(message=f"{plural(len(found.texts) + len(found.checks), 'comparison')}; {written[0]}")
