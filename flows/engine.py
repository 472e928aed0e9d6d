"""What the commands can have done. The one place where they reach into the core, and then only when asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol

from schemas.config import RunConfig
from schemas.estimate import Estimate
from schemas.records import RunRecord
from schemas.status import Status
from tasks.ports import Reporter


class Engine(Protocol):
    """Does the work behind the commands; tests bring their own.

    Raises:
        RunError: from each method, if it cannot begin.
    """

    async def run(
        self, config: RunConfig, *, reporter: Reporter, stop: asyncio.Event, as_flow: bool = False
    ) -> RunRecord:
        """Read what is not read yet, as a flow run or directly."""
        ...

    async def retry(
        self, config: RunConfig, statuses: Sequence[str], *, reporter: Reporter, stop: asyncio.Event
    ) -> RunRecord:
        """Ask the pages of these statuses again."""
        ...

    async def replay(self, config: RunConfig, *, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
        """Judge kept answers again and rewrite the tables, without a call."""
        ...

    async def estimate(self, config: RunConfig, *, reporter: Reporter) -> Estimate:
        """Say what a run would take."""
        ...

    async def status(self, out: str, ledger: str | None) -> Status:
        """Say how an output stands."""
        ...

    async def last_config(self, out: str, ledger: str | None) -> RunConfig:
        """Give the settings of the last run into an output."""
        ...


class CoreEngine:
    """The real one. Every import is inside, so that `pagemill --help` loads none of it."""

    async def run(
        self, config: RunConfig, *, reporter: Reporter, stop: asyncio.Event, as_flow: bool = False
    ) -> RunRecord:
        """See `tasks.run.run` and `flows.as_flow.run_as_flow`."""
        if as_flow:
            from flows.as_flow import run_as_flow

            return await run_as_flow(config, reporter=reporter, stop=stop)
        from tasks.run import run

        return await _reported(await run(config, reporter=reporter, stop=stop), config, reporter)

    async def retry(
        self, config: RunConfig, statuses: Sequence[str], *, reporter: Reporter, stop: asyncio.Event
    ) -> RunRecord:
        """See `tasks.run.retry`."""
        from tasks.run import retry

        return await _reported(await retry(config, statuses, reporter=reporter, stop=stop), config, reporter)

    async def replay(self, config: RunConfig, *, reporter: Reporter, stop: asyncio.Event) -> RunRecord:
        """See `tasks.run.replay`."""
        from tasks.run import replay

        return await _reported(await replay(config, reporter=reporter, stop=stop), config, reporter)

    async def estimate(self, config: RunConfig, *, reporter: Reporter) -> Estimate:
        """See `tasks.estimate.estimate`."""
        from tasks.estimate import estimate

        return await estimate(config, reporter=reporter)

    async def status(self, out: str, ledger: str | None) -> Status:
        """See `tasks.standing.status`."""
        from tasks.standing import status

        return await status(out, ledger)

    async def last_config(self, out: str, ledger: str | None) -> RunConfig:
        """See `tasks.standing.last_config`."""
        from tasks.standing import last_config

        return await last_config(out, ledger)


async def _reported(record: RunRecord, config: RunConfig, reporter: Reporter) -> RunRecord:
    """Leave the report of a run beside its tables."""
    from flows.report import leave

    await leave(record, config.out, reporter.note)
    return record
