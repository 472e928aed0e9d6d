"""The end of a run: its row, the manifest, and the word to whoever watches. Whatever comes, a run says how it ended."""

from __future__ import annotations

import asyncio
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from schemas.errors import ExitCode, Interrupted, NoInput, RunError
from schemas.records import READ, RunRecord, RunStatus
from schemas.version import version
from tasks.account import Tally, tally_in_order
from tasks.dataset import write_manifest
from tasks.ports import Sink
from tasks.shop import Shop
from tasks.summarize import Totals

EMPTY = "empty"
"""The part of a table that has no rows."""


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended."""

    status: RunStatus
    exit_code: ExitCode
    kind: str | None = None
    message: str | None = None


def ending(totals: Totals, fault: RunError | None, *, nothing_there: bool) -> Ending:
    """Say how a run ended: by what stopped it, else by what is missing."""
    if fault is not None:
        status: RunStatus = "interrupted" if isinstance(fault, Interrupted) else "stopped"
        message = f"{fault}; {fault.advice}" if fault.advice else str(fault)
        return Ending(status, fault.exit_code, fault.kind, message)
    if nothing_there:
        return Ending("failed", ExitCode.NO_INPUT, NoInput.kind, "nothing to read was found in the sources")
    missing = totals.pages_selected - sum(totals.pages[status] for status in READ)
    failed_files = totals.files["failure"]
    if missing or failed_files:
        words = [f"{missing} pages"] * bool(missing) + [f"{failed_files} files"] * bool(failed_files)
        return Ending("partial_success", ExitCode.PAGES_MISSING, None, f"not read: {', '.join(words)}")
    return Ending("success", ExitCode.OK)


async def close_run(shop: Shop, fault: RunError | None, *, kept: int, flow_run_id: str | None) -> RunRecord:
    """Write what is left to write, last the run's own row and the manifest.

    A portion leaves the manifest to whoever closes the whole.
    """
    whole = shop.order.portion is None
    try:
        async with shop.tables():
            totals = await asyncio.to_thread(partial(shop.filing.close, everywhere=whole))
    except RunError as error:
        fault, totals = fault or error, Totals()
    own = await shop.ledger.over_calls_of_runs([shop.run_id], partial(tally_in_order, models=shop.order.models))
    how = ending(totals, fault, nothing_there=shop.filing.nothing_there and not shop.found.unsettled)
    record = _record(shop, totals, own, how, kept=kept, flow_run_id=flow_run_id)
    try:
        await asyncio.to_thread(complete, shop.sink)
        await asyncio.to_thread(shop.sink.write, "runs", shop.run_id, [record])
        if whole:
            await asyncio.to_thread(write_manifest, shop.place, shop.sink, shop.run_id)
    except RunError as error:
        how = ending(totals, fault or error, nothing_there=False)
        record = _record(shop, totals, own, how, kept=kept, flow_run_id=flow_run_id)
    await shop.ledger.close_run(shop.dataset.dataset_id, record)
    shop.reporter.finished(record)
    return record


def _record(shop: Shop, totals: Totals, own: Tally, how: Ending, *, kept: int, flow_run_id: str | None) -> RunRecord:
    recipe, pages, files = shop.order.recipe, totals.pages, totals.files
    return RunRecord(
        run_id=shop.run_id,
        status=how.status,
        error_kind=how.kind,
        error_message=how.message,
        exit_code=how.exit_code,
        started_at=shop.started_at,
        finished_at=shop.desk.now(),
        operation=recipe.operation,
        backend=recipe.backend,
        model=recipe.model,
        recipe_id=recipe.recipe_id,
        config=shop.order.config.public(),
        files=sum(files.values()),
        files_success=files["success"],
        files_partial=files["partial_success"],
        files_failure=files["failure"],
        files_skipped=files["skipped"],
        pages=shop.found.pages,
        **_by_status(pages),
        pages_kept=kept + shop.found.done,
        calls=own.calls,
        input_tokens=own.usage.input_tokens,
        output_tokens=own.usage.output_tokens,
        image_tokens=own.usage.image_tokens,
        cached_tokens=own.usage.cached_tokens,
        reasoning_tokens=own.usage.reasoning_tokens,
        cost=own.cost,
        cost_known=own.cost_known,
        currency=own.currency or shop.order.currency,
        price_date=own.price_date or shop.order.price_date,
        total_calls=totals.calls,
        total_input_tokens=totals.usage.input_tokens,
        total_output_tokens=totals.usage.output_tokens,
        total_cost=totals.cost,
        total_cost_known=totals.cost_known,
        pagemill_version=version(),
        host=platform.node(),
        prefect_flow_run_id=flow_run_id,
        files_unsettled=shop.found.unsettled,
    )


def complete(sink: Sink) -> None:
    """Let every table be there, also one without a row: a reader need not know which a run had no use for."""
    for table in ("pages", "files", "calls"):
        if not sink.parts(table):
            sink.write(table, EMPTY, [])


def _by_status(pages: Mapping[str, int]) -> dict[str, int]:
    statuses = ("ok", "blank", "truncated", "suspect", "blocked", "invalid", "failed", "skipped")
    return {f"pages_{status}": pages.get(status, 0) for status in statuses}
