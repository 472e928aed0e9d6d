"""Runs of the deployment `backfill`: submitted, followed, and replaced where they died."""

from __future__ import annotations

import asyncio
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from flows.backfill_view import Problems, View
from flows.backfill_work import Outcome, without_secret
from flows.following import faults, until_rest, wants_more
from flows.prefect_defaults import settle
from schemas.backfill import Backfill, Share
from schemas.errors import ExitCode, RunError, UsageFault
from tasks.backfill import Standing, standing
from tasks.ledger import open_ledger

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient
    from prefect.client.schemas.objects import FlowRun

DEPLOYMENT = "process-backfill/backfill"
PATIENCE = 300.0
"""Seconds that a server may be away while runs are followed; the runs go on without it and without us."""
AT_ONCE = 200
"""Runs submitted in one go; the rest follow as these end."""
FUTILE = 5
"""Runs that failed before they had taken a share, with none taken meanwhile, after which no more are submitted."""


async def follow(place: str, backfill: Backfill, view: View, problems: Problems, stop: asyncio.Event) -> Outcome:
    """Submit a run for each share that is open, and follow them all until nothing is left or it is to rest.

    Raises:
        UsageFault: if the server cannot be reached, or has no such deployment.
    """
    settle(os.environ)
    from prefect.client.orchestration import get_client

    async with await asyncio.to_thread(open_ledger, place) as ledger, get_client() as client:
        submission = Submission(client, backfill, place, problems)
        await submission.check()
        outcome = await until_rest(ledger, backfill, submission, view, stop)
        if outcome is not None:
            return outcome
        said = "no longer followed, its runs go on; let them rest with: pagemill backfill --pause "
        said += backfill.backfill_id
        return Outcome(await standing(ledger, backfill.backfill_id), "left", said, ExitCode.INTERRUPTED)


class Submission:
    """The runs of one backfill on the server."""

    def __init__(self, client: PrefectClient, backfill: Backfill, place: str, problems: Problems) -> None:
        self._client = client
        self._backfill = backfill
        self._place = place
        self._problems = problems
        self._away: float | None = None
        self._tag = f"backfill:{backfill.backfill_id}"
        self._deployment: UUID | None = None
        self._taken: frozenset[str | None] = frozenset()
        self._since = datetime.now(UTC)

    async def check(self) -> None:
        """Make sure that there is a server with the deployment.

        Raises:
            UsageFault: if not; says what to type.
        """
        from prefect.exceptions import ObjectNotFound

        try:
            self._deployment = (await self._client.read_deployment_by_name(DEPLOYMENT)).id
        except ObjectNotFound:
            msg = f"the Prefect server has no deployment {DEPLOYMENT}"
            raise UsageFault(msg, advice="register it with: prefect --no-prompt deploy --all") from None
        except Exception as error:
            raise _unreachable(error) from error

    async def top_up(self, stands: Standing) -> int:
        """Bury runs that died, submit one for each share that no run is there for; count the runs that are there.

        A server that is away is waited for.

        Raises:
            UsageFault: if it is away for too long.
            RunError: if its runs cannot begin: what the last of them said.
        """
        try:
            active = await self._top_up(stands)
        except RunError:
            raise
        except Exception as error:
            if self._away is None:
                self._problems.note(f"the Prefect server cannot be asked: {_first_line(error)}; waiting")
            self._away = self._away or time.monotonic()
            if time.monotonic() - self._away > PATIENCE:
                raise _unreachable(error) from error
            return 1
        self._away = None
        return active

    async def said(self, share: Share) -> str:
        """Say what the state of a share's last run says."""
        from prefect.exceptions import ObjectNotFound

        try:
            run = await self._client.read_flow_run(UUID(share.flow_run_id or ""))
        except (ObjectNotFound, ValueError):
            return ""
        return (run.state and run.state.message) or ""

    async def _top_up(self, stands: Standing) -> int:
        from flows.burying import bury

        runs = await self._runs("SCHEDULED", "PENDING", "RUNNING", "CANCELLING")
        dead = {share.flow_run_id for share in stands.abandoned}
        for run in [run for run in runs if str(run.id) in dead and run.state is not None and run.state.is_running()]:
            await bury(self._client, run.id)
            runs.remove(run)
        at_work = {share.flow_run_id for share in stands.open if share.number in stands.held}
        waiting = sum(str(run.id) not in at_work for run in runs)
        self._heed_taken(stands)
        wanted = max(len(stands.free) - waiting, 0) if wants_more(stands) else 0
        if wanted and (futile := await self._futile()):
            if not stands.held:
                await self._call_off(runs)
                raise _said(futile[0])
            wanted = 0
        for _ in range(min(wanted, AT_ONCE)):
            await self._submit()
        return len(runs) + wanted

    def _heed_taken(self, stands: Standing) -> None:
        """Note when a share was taken last: from then on runs that come to nothing are counted anew."""
        taken = frozenset(share.flow_run_id for share in stands.shares)
        if taken != self._taken:
            self._taken, self._since = taken, datetime.now(UTC)

    async def _futile(self) -> list[FlowRun]:
        """List runs that failed before they had taken a share since one was taken last, if they are too many."""
        failed = await self._runs("FAILED", "CRASHED", end_time={"after_": self._since})
        futile = [run for run in failed if str(run.id) not in self._taken]
        return futile if len(futile) >= FUTILE else []

    async def _call_off(self, runs: list[FlowRun]) -> None:
        from prefect.states import Cancelled

        for run in runs:
            if run.state is not None and run.state.is_scheduled():
                await self._client.set_flow_run_state(run.id, Cancelled(message="runs like it do not begin"))

    async def _runs(self, *states: str, **more: object) -> list[FlowRun]:
        """List runs of the backfill in these states, those that ended last first."""
        from prefect.client.schemas.filters import FlowRunFilter
        from prefect.client.schemas.sorting import FlowRunSort

        wanted = FlowRunFilter.model_validate(
            {"tags": {"all_": [self._tag]}, "state": {"type": {"any_": list(states)}}} | more
        )
        return await self._client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.END_TIME_DESC, limit=AT_ONCE)

    async def _submit(self) -> None:
        if self._deployment is None:
            return
        parameters = {"backfill": self._backfill.backfill_id, "ledger": without_secret(self._place)}
        await self._client.create_flow_run_from_deployment(
            self._deployment, parameters=parameters, tags=["pagemill", self._tag]
        )


def _said(run: FlowRun) -> RunError:
    """Give what stopped a run, as the fault that it was there, as far as its state tells."""
    from flows.process_documents import named

    state = run.state
    kinds = {named(one.kind): one for one in faults()}
    fault = kinds.get((state and state.name) or "", RunError)
    why = (state and state.message) or "it does not say why"
    return fault(f"the runs of the deployment do not begin; the last one: {why}", advice="see its log in Prefect")


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _unreachable(error: Exception) -> UsageFault:
    from prefect.settings import get_current_settings

    url = get_current_settings().api.url
    if not url:
        msg = "runs can only be submitted to a Prefect server, and none is named"
        return UsageFault(msg, advice="set PREFECT_API_URL, or leave --prefect out to do the work in this process")
    msg = f"the Prefect server at {url} cannot be asked: {_first_line(error)}"
    return UsageFault(msg, advice="start it with: prefect server start; or unset PREFECT_API_URL")
