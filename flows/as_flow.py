"""The command's run as a flow run: Prefect watches, and whatever becomes of Prefect, the run ends as it would have."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from flows.interrupts import deaf
from flows.prefect_defaults import settle
from schemas.config import RunConfig
from schemas.errors import RunError, UsageFault
from schemas.records import RunRecord
from tasks.ports import Reporter

if TYPE_CHECKING:
    from prefect.server.api.server import SubprocessASGIServer


async def run_as_flow(config: RunConfig, *, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
    """Run the job as a flow run of the configured server, or of an embedded one.

    Raises:
        RunError: what the run itself raises before it has begun, or that Prefect did not let it begin.
    """
    settle(os.environ)
    from flows.process_documents import Session, process_documents, session_of

    session = Session(config, reporter, stop)
    try:
        await embedded_server(reporter.note)
        with session_of(session):
            await process_documents(seen_by_prefect(config), return_state=True)
    except Exception as error:
        if session.outcome is None:
            raise not_begun(error) from error
        reporter.note(f"Prefect could not be told how the run ended: {error}")
    if isinstance(session.outcome, RunRecord):
        return session.outcome
    raise session.outcome or not_begun("it gave no reason")


def seen_by_prefect(config: RunConfig) -> RunConfig:
    """Give the settings without what is secret: Prefect stores parameters, and shows them to whoever looks."""
    return RunConfig.model_validate_json(config.public())


async def embedded_server(say: Callable[[str], None]) -> str | None:
    """Start the server that Prefect would start by itself, but beside the loop, and where no Ctrl-C reaches it.

    Gives its address; None where another server is configured, or none is to be started.
    """
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    if settings.api.url or not settings.server.ephemeral.enabled:
        return None
    from prefect.server.api.server import SubprocessASGIServer

    server = SubprocessASGIServer()
    if not server.running:
        say("starting Prefect's embedded server")
        await asyncio.to_thread(_start_deaf, server)
    return server.api_url


def _start_deaf(server: SubprocessASGIServer) -> None:
    with deaf():
        server.start()


def not_begun(error: Exception | str) -> RunError:
    """Say that Prefect did not let a run begin, and what mends it."""
    if isinstance(error, RunError):
        return error
    from prefect.settings import get_current_settings

    url = get_current_settings().api.url
    said = next(iter(str(error).strip().splitlines()), type(error).__name__)
    if url:
        msg = f"the Prefect server at {url} did not let the run begin: {said}"
        return UsageFault(msg, advice="start it with: prefect server start; or unset PREFECT_API_URL")
    return UsageFault(f"Prefect did not let the run begin: {said}", advice="run without --prefect")
