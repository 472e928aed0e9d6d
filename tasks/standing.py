"""How an output stands, from its tables and its ledger, without changing either."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator

from schemas.config import RunConfig
from schemas.errors import NoInput
from schemas.records import READ, CallRecord, FileRecord, PageRecord
from schemas.status import PageProblem, Status
from tasks.account import Tally, tally_in_order
from tasks.books import is_there, ledger_place
from tasks.catalogue import load_models
from tasks.dataset import DatasetInfo, known_dataset
from tasks.holding import output_lease
from tasks.ledger import Ledger, open_ledger
from tasks.ports import Sink
from tasks.quarantine import quarantine
from tasks.sinks import open_sink, read_each
from tasks.summarize import totals


async def status(out: str, ledger: str | None) -> Status:
    """Say what is done, open, failed and spent, over all runs into an output.

    Raises:
        NoInput: if there is no output of ours.
        LedgerFault: if the ledger cannot be read.
    """
    dataset = await asyncio.to_thread(known_dataset, out)
    async with await asyncio.to_thread(open_ledger, place_of(out, ledger)) as books:
        runs = await books.runs(dataset.dataset_id)
        spent, outcomes = await books.over_calls_of_runs([run.run_id for run in runs], _spent)
        holders = await books.holders(output_lease(dataset.dataset_id))
    files, problems = await asyncio.to_thread(_tables, open_sink(out))
    counted = totals(files)
    return Status(
        runs=tuple(run.record for run in runs if run.record is not None),
        files=dict(counted.files),
        pages=dict(counted.pages),
        calls=dict(outcomes),
        usage=spent.usage,
        cost=spent.cost,
        cost_known=spent.cost_known,
        currency=spent.currency,
        held_by="; ".join(map(str, holders.values())) or None,
        problems=problems,
        quarantined=quarantine(problems),
    )


def _spent(calls: Iterator[CallRecord]) -> tuple[Tally, Counter[str]]:
    outcomes: Counter[str] = Counter()

    def counted() -> Iterator[CallRecord]:
        for call in calls:
            outcomes[call.outcome] += 1
            yield call

    return tally_in_order(counted(), load_models()), outcomes


async def last_config(out: str, ledger: str | None) -> RunConfig:
    """Give the settings of the last run into an output; what was secret in them is not there.

    Raises:
        NoInput: if there is no output of ours, or no run has ended in it.
    """
    dataset = await asyncio.to_thread(known_dataset, out)
    async with await asyncio.to_thread(open_ledger, place_of(out, ledger)) as books:
        return await _last(books, dataset, out)


async def _last(books: Ledger, dataset: DatasetInfo, out: str) -> RunConfig:
    for run in reversed(await books.runs(dataset.dataset_id)):
        return RunConfig.model_validate_json(run.config).model_copy(update={"out": out})
    msg = f"no run has been made into {out}"
    raise NoInput(msg, advice=f"begin with: pagemill run SOURCE --out {out}")


def place_of(out: str, ledger: str | None) -> str:
    """Say where the ledger of an output is.

    Raises:
        NoInput: if it is not there.
    """
    place = ledger_place(out, ledger)
    if not is_there(place):
        msg = f"the ledger of {out} is not at {place}"
        raise NoInput(msg, advice="name it with --ledger, as the run did")
    return place


def _tables(sink: Sink) -> tuple[list[FileRecord], tuple[PageProblem, ...]]:
    every = read_each(sink, "files", sink.parts("files"))
    files = [row for rows in every for row in rows if isinstance(row, FileRecord)]
    return files, tuple(_problems(sink, files))


def _problems(sink: Sink, files: list[FileRecord]) -> Iterator[PageProblem]:
    for file in files:
        if file.status == "failure" and not file.pages_selected:
            yield PageProblem(file.source, None, file.status, file.error_kind, file.error_message)
    if all(file.status in {"success", "skipped"} for file in files):
        return
    for rows in read_each(sink, "pages", sink.parts("pages")):
        for row in rows:
            if isinstance(row, PageRecord) and row.status not in READ:
                yield PageProblem(
                    row.source, row.page_no, row.status, row.error_kind, row.error_message, row.generation
                )
