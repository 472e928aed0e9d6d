"""The flow `process-documents`: the same run as the command's, watched by Prefect."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.context import get_run_context
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.artifacts import ProgressArtifact, leave_report
from flows.assets import leave_asset
from flows.burying import bury_dead
from flows.flow_log import FlowLog
from flows.report import leave
from flows.reporters import Several
from flows.termination import Termination
from flows.wording import plural, short, visible
from schemas.addresses import scheme_of
from schemas.config import RunConfig
from schemas.errors import RunError
from schemas.records import READ, RunRecord
from tasks.books import ledger_place
from tasks.ports import Reporter
from tasks.run import run
from tasks.steps import run_shard

NAME_LENGTH = 120
"""Letters of a run's name; a source can be a very long path."""


@dataclass
class Session:
    """What the command hands to a flow run beside its parameters, and what it is handed back.

    Neither passes through Prefect: parameters are stored for all to see, and Prefect may be gone at the end.
    """

    config: RunConfig
    reporter: Reporter
    stop: asyncio.Event
    outcome: RunRecord | RunError | None = None


_session: ContextVar[Session | None] = ContextVar("pagemill_session", default=None)


@contextmanager
def session_of(session: Session) -> Iterator[None]:
    """Let the flow run that is called inside be the command's."""
    token = _session.set(session)
    try:
        yield
    finally:
        _session.reset(token)


def run_name() -> str:
    """Name a flow run by what it does: what is asked, of what, and where the answers go."""
    given = flow_run.parameters
    config = RunConfig.model_validate(given["config"])
    first, *others = given.get("sources") or config.sources
    more = f" + {len(others)} more" if others else ""
    out = PurePath(given.get("out") or config.out).name
    return short(visible(f"{config.operation}: {PurePath(first).name or first}{more} → {out}"), NAME_LENGTH)


@flow(name="process-documents", flow_run_name=run_name, retries=0, persist_result=False, log_prints=False)
async def process_documents(
    config: RunConfig, sources: tuple[str, ...] | None = None, out: str | None = None
) -> State[RunRecord]:
    """Read documents into tables. Failed pages do not fail the flow; a run that had to stop does.

    Args:
        config: The settings of the run.
        sources: What to read in place of the settings' sources.
        out: Where results go in place of the settings' place. Where that is an address and the settings name no
            ledger, it is PAGEMILL_LEDGER of the worker.
    """
    log = FlowLog(get_run_logger())
    if (session := _session.get()) is not None:
        return await _conduct(session, log)
    changes = {name: value for name, value in (("sources", sources), ("out", out)) if value is not None}
    meant = RunConfig.model_validate(config.model_dump() | changes)
    if meant.ledger is None and scheme_of(meant.out) is not None:  # where no ledger can lie, it is the worker's
        meant = meant.model_copy(update={"ledger": os.environ.get("PAGEMILL_LEDGER")})
    with Termination(log.note) as termination:
        alone = Session(meant, log, termination.stop)
        return await _conduct(alone, log, termination)


async def _conduct(session: Session, log: FlowLog, termination: Termination | None = None) -> State[RunRecord]:
    run_of_prefect = getattr(get_run_context(), "flow_run", None)
    config = session.config
    async with ProgressArtifact(log.logger) as progress:
        log.on_progress = progress.reached
        try:
            await bury_dead(config.out, ledger_place(config.out, config.ledger), log.logger)
            record = session.outcome = await run(
                config,
                reporter=log if session.reporter is log else Several(session.reporter, log),
                stop=session.stop,
                run_shard=run_shard,
                flow_run_id=str(run_of_prefect.id) if run_of_prefect else None,
            )
        except RunError as error:
            session.outcome = error
            return stopped(error)
    await leave(record, config.out, log.note)
    await leave_report(record, config.out, log.logger)
    await leave_asset(record, config.out, config.sources, log.logger)
    if termination is not None:
        termination.hand_on()
    return ending(record, log.first_problem)


def ending(record: RunRecord, first_problem: str | None = None) -> State[RunRecord]:
    """Say how a run ended as a state: what is missing is in its name, what mends a stop in its message."""
    read = sum(getattr(record, f"pages_{status}") for status in READ)
    message = f"{plural(record.files, 'file')}, {read} of {plural(record.pages, 'page')} read"
    if record.status not in {"success", "partial_success"}:
        # Of a run that found nothing to read, what it did find says more: an inbox that is not there.
        why = first_problem if record.status == "failed" and first_problem else record.error_message
        return Failed(name=named(record.status), message=f"{why}; {message}", data=record)
    name = "Completed" if record.status == "success" else "CompletedWithGaps"
    return Completed(name=name, message=message, data=record)


def stopped(error: RunError, data: object = None) -> State[Any]:
    """Say what stopped a run, and what mends it, as a state."""
    message = f"{error}; {error.advice}" if error.advice else str(error)
    return Failed(name=named(error.kind), message=message, data=data)


def named(kind: str) -> str:
    """Write the kind of an ending as Prefect writes names of states."""
    return "".join(word.capitalize() for word in kind.split("_"))
