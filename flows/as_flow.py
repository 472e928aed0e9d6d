"""The command's run as a flow run: Prefect watches, and whatever becomes of Prefect, the run ends as it would have."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable

from flows.prefect_defaults import settle
from schemas.config import RunConfig
from schemas.errors import RunError, UsageFault
from schemas.records import RunRecord
from tasks.ports import Reporter


async def run_as_flow(config: RunConfig, *, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
    """Run the job as a flow run of the configured server, or of an embedded one.

    Raises:
        RunError: what the run itself raises before it has begun, or that Prefect did not let it begin.
    """
    settle(os.environ)
    from flows.process_documents import Session, process_documents, session_of

    session = Session(config, reporter, stop)
    try:
        await _embedded_server(reporter)
        with session_of(session):
            await process_documents(seen_by_prefect(config), return_state=True)
    except Exception as error:
        if session.outcome is None:
            raise _not_begun(error) from error
        reporter.note(f"Prefect could not be told how the run ended: {error}")
    if isinstance(session.outcome, RunRecord):
        return session.outcome
    raise session.outcome or _not_begun("it gave no reason")


def seen_by_prefect(config: RunConfig) -> RunConfig:
    """Give the settings without what is secret: Prefect stores parameters, and shows them to whoever looks."""
    return RunConfig.model_validate_json(config.public())


async def _embedded_server(reporter: Reporter) -> None:
    """Start the server that Prefect would start by itself, but beside the loop, and where no Ctrl-C reaches it."""
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    if settings.api.url or not settings.server.ephemeral.enabled:
        return
    from prefect.server.api.server import SubprocessASGIServer

    server = SubprocessASGIServer()
    if not server.running:
        reporter.note("starting Prefect's embedded server")
        await asyncio.to_thread(_deaf, server.start)


def _deaf(start: Callable[[], None]) -> None:
    """Call *start* with Ctrl-C blocked in this thread; a process that it starts inherits that, and keeps it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _not_begun(error: Exception | str) -> RunError:
    if isinstance(error, RunError):
        return error
    from prefect.settings import get_current_settings

    url = get_current_settings().api.url
    said = next(iter(str(error).strip().splitlines()), type(error).__name__)
    if url:
        msg = f"the Prefect server at {url} did not let the run begin: {said}"
        return UsageFault(msg, advice="start it with: prefect server start; or unset PREFECT_API_URL")
    return UsageFault(f"Prefect did not let the run begin: {said}", advice="run without --prefect")
