"""The runs that were made."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

from sqlalchemy import Connection, Engine, delete, select

from schemas.records import RunRecord, RunStatus
from tasks.ledger.lost import alive
from tasks.ledger.owner import Owner, this_process
from tasks.ledger.store import Store, replacing
from tasks.ledger.tables import flow_runs, runs

_COLUMNS = ("run_id", "dataset_id", "status", "started_at", "finished_at", "config")


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run as the ledger knows it; `config` are its settings as JSON, `record` is there once it ended by itself."""

    run_id: str
    dataset_id: str
    status: RunStatus | Literal["open"]
    started_at: datetime
    finished_at: datetime | None = None
    config: str = "{}"
    record: RunRecord | None = None


class RunBook(Store):
    """Notes when runs begin and how they end."""

    def __init__(self, engine: Engine, where: str) -> None:
        super().__init__(engine, where)
        self._run = replacing(self.insert(runs), "run_id")
        self._flow_run = replacing(self.insert(flow_runs), "run_id")

    async def open_run(self, run_id: str, dataset_id: str, started_at: datetime, config: str = "{}") -> None:
        """Note that a run began, and with which settings."""
        row = _run_row(KeptRun(run_id, dataset_id, "open", started_at, config=config))
        await self.write_rows(lambda: [(self._run, row)])

    async def close_run(self, dataset_id: str, record: RunRecord) -> None:
        """Note how a run ended."""
        times = (record.started_at, record.finished_at)
        kept = KeptRun(record.run_id, dataset_id, record.status, *times, config=record.config, record=record)
        await self.write_rows(lambda: [(self._run, _run_row(kept))])

    async def note_flow_run(self, run_id: str, flow_run_id: str) -> None:
        """Note which flow run of Prefect a run is."""
        row = {"run_id": run_id, "flow_run_id": flow_run_id}
        await self.write_rows(lambda: [(self._flow_run, row)])

    async def dead_flow_runs(self, dataset_id: str) -> Sequence[str]:
        """List the flow runs whose run began, never ended, and is no longer alive."""
        return await self.read(partial(_dead_flow_runs, dataset_id=dataset_id, here=this_process()))

    async def forget_flow_runs(self, flow_run_ids: Sequence[str]) -> None:
        """Forget flow runs of which nobody need know any more."""
        await self.write(partial(_forget, flow_run_ids=tuple(flow_run_ids)))

    async def runs(self, dataset_id: str) -> Sequence[KeptRun]:
        """List the runs into a dataset, oldest first."""
        return await self.read(partial(_runs, dataset_id=dataset_id))


def _run_row(run: KeptRun) -> dict[str, Any]:
    record = run.record and json.dumps(asdict(run.record), default=datetime.isoformat)
    return {**{name: getattr(run, name) for name in _COLUMNS}, "record": record}


def _runs(connection: Connection, dataset_id: str) -> list[KeptRun]:
    wanted = select(runs).where(runs.c.dataset_id == dataset_id).order_by(runs.c.started_at, runs.c.run_id)
    return [
        KeptRun(**{**row._asdict(), "record": row.record and _run_record(row.record)})
        for row in connection.execute(wanted)
    ]


def _dead_flow_runs(connection: Connection, dataset_id: str, here: Owner) -> list[str]:
    never_ended = (runs.c.dataset_id == dataset_id, runs.c.status == "open")
    wanted = select(flow_runs.c.flow_run_id).join(runs, runs.c.run_id == flow_runs.c.run_id)
    dead = wanted.where(*never_ended, runs.c.run_id.not_in(alive(connection, here)))
    return list(connection.scalars(dead.order_by(runs.c.run_id)))


def _forget(connection: Connection, flow_run_ids: Sequence[str]) -> None:
    connection.execute(delete(flow_runs).where(flow_runs.c.flow_run_id.in_(flow_run_ids)))


def _run_record(text: str) -> RunRecord:
    plain = json.loads(text)
    times = {name: datetime.fromisoformat(plain[name]) for name in ("started_at", "finished_at")}
    return RunRecord(**{**plain, **times})
