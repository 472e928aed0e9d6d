"""The flow `carry-backfill`: the command's backfill, its shares read by the tasks of a task runner."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from prefect import flow, get_run_logger
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.artifacts import ProgressArtifact
from flows.backfill_view import last_line
from flows.process_documents import named, stopped
from schemas.errors import ExitCode, RunError

if TYPE_CHECKING:
    from flows.backfill_work import Outcome
    from flows.carrying import Passage
    from flows.following import Shows
    from tasks.backfill import Standing

_passage: ContextVar[Passage | None] = ContextVar("pagemill_passage", default=None)


@contextmanager
def passage_of(passage: Passage) -> Iterator[None]:
    """Let the flow run that is called inside be the command's."""
    token = _passage.set(passage)
    try:
        yield
    finally:
        _passage.reset(token)


@flow(name="carry-backfill", flow_run_name="backfill {backfill}", retries=0, persist_result=False, log_prints=False)
async def carry_backfill(backfill: str, ledger: str, runner: str) -> State[Any]:  # noqa: ARG001 - shown in the UI
    """Have the shares of a backfill read by a task runner's processes. `pagemill backfill --runner` runs it.

    Args:
        backfill: The id that `pagemill backfill` gave it.
        ledger: Where its plan is kept.
        runner: Which runner, and where.
    """
    # A flow travels with its tasks as what it is made of: what it does is looked up where it is run.
    from flows.carry_backfill import conduct

    return await conduct()


async def conduct() -> State[Any]:
    """Conduct the passage that the command has set out on."""
    passage = _passage.get()
    if passage is None:
        return Failed(name="Usage", message="this flow is run by: pagemill backfill --runner")
    async with ProgressArtifact(get_run_logger()) as progress:
        try:
            outcome = passage.outcome = await passage.conduct(_Both(passage.view, progress))
        except RunError as error:
            passage.outcome = error
            return stopped(error)
    return _ending(outcome)


class _Both:
    """Shows how a backfill stands on the command's display, and in Prefect."""

    def __init__(self, view: Shows, progress: ProgressArtifact) -> None:
        self._view = view
        self._progress = progress

    def show(self, stands: Standing) -> None:
        """Show how it stands now."""
        self._view.show(stands)
        self._progress.reached(stands.pages_done, stands.pages)


def _ending(outcome: Outcome) -> State[Any]:
    message = last_line(outcome.stands, outcome.why, None)
    if outcome.why == "finished":
        gaps = outcome.exit_code == ExitCode.PAGES_MISSING
        return Completed(name="CompletedWithGaps" if gaps else "Completed", message=message)
    rests = outcome.why in {"paused", "deadline"}
    said = f"{outcome.message}; {message}" if outcome.message else message
    return (Completed if rests else Failed)(name=named(outcome.why), message=said)
