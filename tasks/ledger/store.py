"""Reading and writing off the event loop: what every part of the ledger stands on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from sqlalchemy import Connection, Engine, Table, exc
from sqlalchemy.dialects import postgresql, sqlite

from tasks.ledger.faults import ledger_fault, persistently
from tasks.ledger.writer import Rows, Work, Writer

T = TypeVar("T")

Upsert = postgresql.Insert | sqlite.Insert

_READERS = 2
_AT_ONCE = 5_000
"""Values of one IN list; PostgreSQL takes 65,535 parameters, SQLite 32,766."""


class Store:
    """An open ledger database: one writer thread, and a few that read."""

    def __init__(self, engine: Engine, where: str) -> None:
        self.where = where
        self._engine = engine
        self._writer = Writer(engine, where)
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="ledger-reader")

    def insert(self, table: Table) -> Upsert:
        """Begin an insert that can say what happens on conflict."""
        return insert_into(table, self._engine)

    async def read(self, query: Work[T]) -> T:
        """Run *query* in a reader's thread."""
        self._writer.check_open()
        return await asyncio.get_running_loop().run_in_executor(self._readers, self._read, query)

    async def write(self, work: Work[T]) -> T:
        """Run *work* inside the next transaction; durable when it returns."""
        result: T = await self._writer.write(work=work)
        return result

    async def write_rows(self, rows: Callable[[], Rows]) -> None:
        """Insert rows with the next transaction; durable when it returns."""
        await self._writer.write(rows=rows)

    def write_from_thread(self, work: Work[T]) -> T:
        """Write from a thread that is not the event loop's."""
        return self._writer.write_from_thread(work)

    async def close(self) -> None:
        """Write what still waits and let go of the database."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._writer.close()
        self._readers.shutdown()
        self._engine.dispose()

    def _read(self, query: Work[T]) -> T:
        def attempt() -> T:
            with self._engine.connect() as connection:
                return query(connection)

        try:
            return persistently(attempt)
        except (exc.SQLAlchemyError, OSError) as error:
            raise ledger_fault(error, self.where) from error


def insert_into(table: Table, database: Engine | Connection) -> Upsert:
    """Begin an insert that can say what happens on conflict: the two databases mean and spell it alike."""
    return sqlite.insert(table) if database.dialect.name == "sqlite" else postgresql.insert(table)


def pieces(values: Sequence[T], size: int = _AT_ONCE) -> Iterator[Sequence[T]]:
    """Cut *values* into lists that fit into one statement."""
    rest = iter(values)
    while piece := list(islice(rest, size)):
        yield piece


def replacing(statement: Upsert, *keys: str) -> Upsert:
    """Let a row that is there under the same *keys* take on the new values."""
    new = {column.name: column for column in statement.excluded if column.name not in keys}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=new)


def keeping(statement: Upsert, *keys: str) -> Upsert:
    """Leave a row that is there under the same *keys* as it is."""
    return statement.on_conflict_do_nothing(index_elements=list(keys))
