"""The flow `process-documents`: the same run as the command's, watched by Prefect."""

from __future__ import annotations

import asyncio
import logging
from contextvars import ContextVar
from dataclasses import dataclass
from typing import cast

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.context import get_run_context
from prefect.states import Completed, Failed

from schemas.config import RunConfig
from schemas.records import RunRecord
from tasks.ports import Reporter
from tasks.run import run
from tasks.steps import run_shard


@dataclass(frozen=True)
class _Session:
    """What the command hands to a flow run beside its parameters, which have to be JSON."""

    reporter: Reporter
    stop: asyncio.Event


_session: ContextVar[_Session | None] = ContextVar("pagemill_session", default=None)


@flow(name="process-documents", retries=0, persist_result=False, log_prints=False)
async def process_documents(config: RunConfig) -> State[RunRecord]:
    """Read documents into tables. Failed pages do not fail the flow; a run that had to stop does."""
    from flows.flow_log import FlowLog

    session = _session.get() or _Session(FlowLog(), asyncio.Event())
    flow_run = getattr(get_run_context(), "flow_run", None)
    record = await run(
        config,
        reporter=session.reporter,
        stop=session.stop,
        run_shard=run_shard,
        flow_run_id=str(flow_run.id) if flow_run else None,
    )
    return _state(record)


def _state(record: RunRecord) -> State[RunRecord]:
    read = record.pages_ok + record.pages_blank + record.pages_skipped
    message = f"{record.files} files, {read} of {record.pages} pages read"
    if record.status in {"success", "partial_success"}:
        name = "Completed" if record.status == "success" else "CompletedWithGaps"
        return Completed(name=name, message=message, data=record)
    return Failed(name=record.status.capitalize(), message=f"{record.error_message}; {message}", data=record)


async def run_as_flow(config: RunConfig, *, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
    """Run the job as a flow run of the configured server, or of an embedded one.

    Raises:
        RunError: what the run itself raises before it has begun.
    """
    for name in ("prefect", "prefect.flow_runs", "prefect.task_runs"):
        logging.getLogger(name).setLevel(logging.WARNING)
    token = _session.set(_Session(reporter, stop))
    try:
        # Prefect's types say that a flow which returns a state gives a state of a state; it gives that state.
        state = cast("State[RunRecord]", await process_documents(config, return_state=True))
        result = await state.aresult(raise_on_failure=False)
    finally:
        _session.reset(token)
    if isinstance(result, BaseException):
        raise result
    return result
