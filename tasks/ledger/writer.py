"""The one thread that writes: whatever waits goes into one transaction, and shares its fsync."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, Insert, exc

from schemas.errors import LedgerFault
from tasks.ledger.engine import IMMEDIATE
from tasks.ledger.faults import is_about_a_value, ledger_fault, persistently

T = TypeVar("T")

Work = Callable[[Connection], T]
Rows = Iterable[tuple[Insert, Mapping[str, Any]]]

_TOGETHER = 1_000
"""Jobs of one transaction at most, so that other processes get their turn."""


@dataclass(eq=False)
class Job:
    """Something to write, and who waits for it.

    *rows* are inserts that can be merged with those of other jobs; they are prepared in the writer's thread.
    *work* is anything else; if it raises, what it wrote is taken back and the others go on.
    """

    rows: Callable[[], Rows] | None = None
    work: Work[Any] | None = None
    future: asyncio.Future[Any] | Future[Any] = field(default_factory=Future)
    prepared: list[tuple[Insert, Mapping[str, Any]]] = field(default_factory=list)
    result: Any = None
    error: Exception | None = None

    def settle(self) -> None:
        """Tell who waits; it may have stopped waiting."""
        if self.future.done():
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class Writer:
    """Writes jobs in the order in which they come, as many in a transaction as wait for it.

    Once the database cannot be written any more, every job fails, now and later.
    """

    def __init__(self, engine: Engine, where: str) -> None:
        self._engine = engine
        self._where = where
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._fault: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    async def write(self, *, rows: Callable[[], Rows] | None = None, work: Work[Any] | None = None) -> Any:
        """Write, and return when it is durable."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._put(Job(rows, work, future))
        return await future

    def write_from_thread(self, work: Work[T]) -> T:
        """The same, for another thread than the event loop's."""
        job = Job(work=work)
        self._put(job)
        result: T = job.future.result()  # waits: this future is a thread's
        return result

    def check_open(self) -> None:
        """Make sure that the ledger was not closed.

        Raises:
            LedgerFault: if it was.
        """
        if self._closed:
            message = f"The ledger {self._where} is closed."
            raise LedgerFault(message)

    def close(self) -> None:
        """Write what still waits, and end the thread."""
        with self._gate:
            if not self._closed:
                self._closed = True
                self._queue.put(None)
        self._thread.join()

    def _put(self, job: Job) -> None:
        with self._gate:
            self.check_open()
            self._queue.put(job)

    def _run(self) -> None:
        is_open = True
        while is_open:
            jobs, is_open = self._waiting()
            if jobs:
                self._write(jobs)
                _settle(jobs)

    def _waiting(self) -> tuple[list[Job], bool]:
        jobs: list[Job] = []
        job = self._queue.get()
        with suppress(Empty):
            while job is not None:
                jobs.append(job)
                if len(jobs) == _TOGETHER:
                    break
                job = self._queue.get_nowait()
        return jobs, job is not None

    def _write(self, jobs: Sequence[Job]) -> None:
        ready = [job for job in jobs if _prepare(job, self._where)]
        try:
            if self._fault is None:
                self._commit(ready)
        except Exception as error:  # noqa: BLE001 - were this thread to die, who waits would wait for ever
            self._fault = error
        if self._fault is not None:
            for job in ready:
                job.error = ledger_fault(self._fault, self._where)
                job.error.__cause__ = self._fault

    def _commit(self, jobs: Sequence[Job]) -> None:
        try:
            persistently(partial(self._transact, jobs))
        except Exception as error:
            if not is_about_a_value(error):
                raise
            if len(jobs) == 1:
                jobs[0].error = ledger_fault(error, self._where)
                return
            for job in jobs:  # one of them is at fault; the others shall not suffer for it
                self._commit([job])

    def _transact(self, jobs: Sequence[Job]) -> None:
        merged: defaultdict[Insert, list[Mapping[str, Any]]] = defaultdict(list)
        for job in jobs:
            for statement, row in job.prepared:
                merged[statement].append(row)
        connecting = self._engine.connect().execution_options(**{IMMEDIATE: True})
        with connecting as connection, connection.begin():
            for statement, rows in merged.items():
                connection.execute(statement, rows)
            for job in jobs:
                if job.work is not None:
                    _perform(job, job.work, connection)


def _prepare(job: Job, where: str) -> bool:
    try:
        job.prepared = list(job.rows()) if job.rows else []
    except Exception as error:  # noqa: BLE001 - whatever is wrong with this one value, it is this job's alone
        job.error = ledger_fault(error, where)
    return job.error is None


def _perform(job: Job, work: Work[Any], connection: Connection) -> None:
    job.error = None
    try:
        with connection.begin_nested():
            job.result = work(connection)
    except (exc.SQLAlchemyError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 - it is told to who asked for the work
        job.error = error


def _settle(jobs: Sequence[Job]) -> None:
    """Wake each event loop once, however many of its jobs are done."""
    by_loop: defaultdict[asyncio.AbstractEventLoop, list[Job]] = defaultdict(list)
    for job in jobs:
        if isinstance(job.future, asyncio.Future):
            by_loop[job.future.get_loop()].append(job)
        else:
            job.settle()
    for loop, its in by_loop.items():
        with suppress(RuntimeError):  # the loop is closed: nobody waits
            loop.call_soon_threadsafe(_settle_here, its)


def _settle_here(jobs: Sequence[Job]) -> None:
    for job in jobs:
        job.settle()
