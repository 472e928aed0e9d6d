"""The flow `process-backfill`: one share of a backfill, read as a flow run."""

from __future__ import annotations

import asyncio
import os

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.context import get_run_context
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.artifacts import ProgressArtifact, leave_report
from flows.assets import leave_asset
from flows.burying import bury_dead
from flows.flow_log import FlowLog
from flows.process_documents import ending, named, stopped
from flows.termination import Termination
from schemas.config import RunConfig
from schemas.errors import RunError
from schemas.records import RunRecord
from tasks.backfill import Turn, found, settings, standing, work
from tasks.ledger import open_ledger
from tasks.steps import run_shard

NOTHING_TO_DO = {
    "finished": "nothing is left of it",
    "taken": "other runs are at all that is left of it",
    "not planned": "it is still being planned",
    "paused": "it is paused; let it go on with: pagemill backfill --resume",
    "deadline": "its deadline has passed; give it another with: pagemill backfill --resume ID --deadline",
}


def run_name() -> str:
    """Name a flow run by what it works at."""
    return f"backfill {flow_run.parameters['backfill']}"


@flow(name="process-backfill", flow_run_name=run_name, retries=0, persist_result=False, log_prints=False)
async def process_backfill(backfill: str, ledger: str | None = None) -> State[RunRecord]:
    """Read a share of a backfill that nobody reads, and then those whose runs died meanwhile.

    Args:
        backfill: The id that `pagemill backfill` gave it.
        ledger: Where its plan is kept; PAGEMILL_LEDGER of the worker if it is not said.
    """
    log = FlowLog(get_run_logger())
    place = ledger or os.environ.get("PAGEMILL_LEDGER")
    if place is None:
        return Failed(name="Usage", message="no ledger was named; set the parameter ledger, or PAGEMILL_LEDGER")
    with Termination(log.note) as termination:
        try:
            state = await _turns(place, backfill, log, termination)
        except RunError as error:
            return stopped(error)
        termination.hand_on()
        return state


async def _turns(place: str, backfill: str, log: FlowLog, termination: Termination) -> State[RunRecord]:
    state: State[RunRecord] | None = None
    async with await asyncio.to_thread(open_ledger, place) as books:
        out = settings(await found(books, backfill), place).out
    await bury_dead(out, place, log.logger)
    while True:
        turn = await _turn(place, backfill, log, termination)
        if turn.record is None:
            why = turn.rests or "taken"
            rests: State[RunRecord] = Completed(name=named(why.replace(" ", "_")), message=NOTHING_TO_DO[why])
            return state or rests
        if turn.record.status == "interrupted" and not termination.stop.is_set():
            continue  # the whole was paused or came to its deadline: that is said, and is no failure
        config = RunConfig.model_validate_json(turn.record.config)
        await leave_report(turn.record, config.out, log.logger)
        await leave_asset(turn.record, config.out, config.sources, log.logger)
        async with await asyncio.to_thread(open_ledger, place) as books:
            now = await standing(books, backfill)
        state = ending(turn.record, log.first_problem)
        if turn.share is not None:
            state.message = f"share {turn.share.number} of {len(now.shares)}: {state.message}"
        if termination.stop.is_set() or not now.abandoned or turn.record.status == "stopped":
            return state


async def _turn(place: str, backfill: str, log: FlowLog, termination: Termination) -> Turn:
    run_of_prefect = getattr(get_run_context(), "flow_run", None)
    async with ProgressArtifact(log.logger) as progress:
        log.on_progress = progress.reached
        return await work(
            place,
            backfill,
            reporter=log,
            stop=termination.stop,
            run_shard=run_shard,
            flow_run_id=str(run_of_prefect.id) if run_of_prefect else None,
        )
