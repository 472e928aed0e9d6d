"""A backfill whose shares a task runner carries to other processes: handed out here, and followed to the end.

The ledger holds the work together, as for any backfill: a share is taken under its lease, and what a dead process had
taken up is another's. A runner only starts what asks the ledger for a share.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from flows.as_flow import embedded_server, not_begun
from flows.backfill_view import Problems
from flows.backfill_work import Outcome, without_secret
from flows.following import Shows, until_rest
from flows.prefect_defaults import settle
from flows.runners import Runner
from schemas.backfill import Backfill
from schemas.errors import RunError, UsageFault
from tasks.backfill import Standing, conducting, standing
from tasks.ledger import open_ledger

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State
    from prefect.task_runners import TaskRunner


@dataclass
class Passage:
    """A backfill on its way: what the command hands to its flow run beside the parameters, and what it gets back."""

    place: str
    backfill: Backfill
    runner: Runner
    view: Shows
    problems: Problems
    stop: asyncio.Event
    outcome: Outcome | RunError | None = None

    async def conduct(self, watch: Shows) -> Outcome:
        """Hand shares out until nothing is left or it is to rest, and wait for who is at work.

        Raises:
            RunError: what keeps a process from beginning, or the cluster from being used.
        """
        from flows.crew import Crew

        async with await asyncio.to_thread(open_ledger, self.place) as ledger:
            async with AsyncExitStack() as stack:
                lease = await stack.enter_async_context(conducting(ledger, self.backfill.backfill_id))
                crew = Crew(self.runner, self.backfill, without_secret(self.place), lease, self.problems)
                try:
                    outcome = await until_rest(ledger, self.backfill, crew, watch, self.stop)
                finally:
                    await stack.aclose()  # the lease is let go of: who still reads finishes what is in flight
                    await crew.all_over()
            now = await standing(ledger, self.backfill.backfill_id)
            return Outcome(now, "interrupted") if outcome is None else _as_of(outcome, now)


async def carry(passage: Passage) -> Outcome:
    """Find or make the cluster, and let a flow run hand the shares out to it.

    Raises:
        RunError: if there is no cluster or no server, or a process cannot begin.
    """
    settle(os.environ)
    from prefect.settings import PREFECT_API_URL, temporary_settings

    url = await _server(passage)
    with temporary_settings({PREFECT_API_URL: url}):  # which the processes are told; they would start a server each
        async with _cluster(passage) as task_runner:
            passage.problems.at_start()
            await _as_flow(passage, task_runner)
    if isinstance(passage.outcome, Outcome):
        return passage.outcome
    raise passage.outcome or not_begun("it gave no reason")


async def _as_flow(passage: Passage, task_runner: TaskRunner[Any]) -> None:
    from flows.carry_backfill import carry_backfill, passage_of

    hands_out = carry_backfill.with_options(task_runner=task_runner)
    try:
        with passage_of(passage):
            parameters = (passage.backfill.backfill_id, without_secret(passage.place), str(passage.runner))
            ended: State[Any] = await hands_out(*parameters, return_state=True)
    except Exception as error:
        if passage.outcome is None:
            raise not_begun(error) from error
        passage.problems.note(f"Prefect could not be told how it ended: {error}")
        return
    if passage.outcome is None:  # a fault of ours, which the flow run has as well
        await ended.aresult()


async def _server(passage: Passage) -> str:
    from prefect.settings import get_current_settings

    if url := get_current_settings().api.url:
        return str(url)
    if passage.runner.address is not None:
        msg = f"the processes at {passage.runner.address} need a Prefect server, and none is named"
        raise UsageFault(msg, advice="set PREFECT_API_URL to an address that they reach, here and for them")
    url = await embedded_server(passage.problems.note)
    if url is None:
        raise not_begun("no server is named, and none may be started")
    return url


@asynccontextmanager
async def _cluster(passage: Passage) -> AsyncIterator[TaskRunner[Any]]:
    runner = passage.runner
    if runner.address is None:
        passage.problems.note(f"starting {runner}")
        # The processes open the ledger by what they inherit; an address with a password would be shown.
        if "://" in passage.place and (password := urlsplit(passage.place).password):
            os.environ.setdefault("PGPASSWORD", unquote(password))
    cluster = runner.module.cluster(runner.address, runner.workers)
    task_runner = await asyncio.to_thread(cluster.__enter__)
    try:
        yield task_runner
    finally:
        await asyncio.to_thread(cluster.__exit__, None, None, None)


def _as_of(outcome: Outcome, now: Standing) -> Outcome:
    return Outcome(now, outcome.why, outcome.message, outcome.code)
