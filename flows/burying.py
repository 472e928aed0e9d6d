"""Flow runs whose process was killed: Prefect shows them as `Running` for ever, unless somebody says otherwise."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed

from flows.artifacts import Log, bounded
from schemas.errors import RunError
from tasks.books import is_there
from tasks.dataset import find_dataset
from tasks.ledger import open_ledger

WHY = "its process is gone; what it had read is kept, and the next run goes on from there"


async def bury_dead(out: str, place: str, log: Log) -> None:
    """Say of the runs into an output that never ended, and whose process is gone, that they crashed.

    The ledger knows them: who lives holds a lease. Prefect being away costs the saying, and the next run says it.
    """
    with suppress(RunError):  # the run meets the same fault where it opens them
        dataset = await asyncio.to_thread(find_dataset, out)
        if dataset is not None and is_there(place):
            await bounded(_bury(dataset.dataset_id, place, log), log)


async def _bury(dataset_id: str, place: str, log: Log) -> None:
    async with await asyncio.to_thread(open_ledger, place) as ledger:
        dead = await ledger.dead_flow_runs(dataset_id)
        if not dead:
            return
        async with get_client() as client:
            for flow_run_id in dead:
                log.warning("flow run %s is gone: %s", flow_run_id, WHY)
                await bury(client, UUID(flow_run_id))
        await ledger.forget_flow_runs(dead)


async def bury(client: PrefectClient, flow_run_id: UUID) -> None:
    """Say of a flow run that it crashed, unless it has another end."""
    try:
        run = await client.read_flow_run(flow_run_id)
    except ObjectNotFound:  # it was deleted, or was another server's
        return
    if run.state is not None and not run.state.is_final():
        await client.set_flow_run_state(flow_run_id, Crashed(message=WHY), force=True)
