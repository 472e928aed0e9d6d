"""Opening the database: SQLite by path, PostgreSQL by URL, the same tables in both."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, exc, insert, make_url, select, text

from schemas.errors import LedgerFault
from tasks.ledger.faults import ledger_fault
from tasks.ledger.tables import VERSION, metadata, schema_version

IMMEDIATE = "takes_the_write_lock"
"""Execution option: take SQLite's write lock at the start of a transaction, so that it never fails half way."""

_LOCK_SECONDS = 30
_CONNECT_SECONDS = 10
_CREATING = 0x9A6E_1ED6  # any number that nobody else locks


def open_engine(where: str | os.PathLike[str]) -> tuple[Engine, str]:
    """Open the ledger's database and make its tables; give the engine and the name to show (without password).

    Raises:
        LedgerFault: if it cannot be opened or was made by a newer pagemill.
    """
    url = _url(where)
    shown = url.database or "" if _is_sqlite(url) else url.render_as_string(hide_password=True)
    try:
        engine = _sqlite(url) if _is_sqlite(url) else _postgresql(url)
    except OSError as error:
        raise ledger_fault(error, shown) from error
    try:
        _create_tables(engine, shown)
    except (exc.SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise ledger_fault(error, shown) from error
    except LedgerFault:
        engine.dispose()
        raise
    return engine, shown


def _url(where: str | os.PathLike[str]) -> URL:
    named = os.fspath(where)
    if "://" not in named:
        return URL.create("sqlite", database=str(Path(named).absolute()))
    try:
        url = make_url(named)
    except (exc.ArgumentError, ValueError):
        # Without the address itself, which may hold a password.
        raise _not_an_address("what was given is no address") from None
    kind = url.drivername.partition("+")[0]
    if kind == "sqlite" and url.database:
        return URL.create("sqlite", database=str(Path(url.database).absolute()))
    if kind in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    raise _not_an_address(url.drivername + " is not a database that it can be kept in")


def _not_an_address(reason: str) -> LedgerFault:
    return LedgerFault(
        f"The ledger cannot be opened: {reason}.",
        advice="Give --ledger the path of a file, or postgresql://user:password@host/database.",
    )


def _is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def _sqlite(url: URL) -> Engine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": _LOCK_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`, not guessed by the driver
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise LedgerFault(
            "The ledger cannot be kept there: that file system has no shared memory.",
            advice="Name a path on a local disk with --ledger, or use PostgreSQL.",
        )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA fullfsync = ON")  # macOS: through the drive's own cache
    connection.execute("PRAGMA wal_autocheckpoint = 4000")
    connection.execute("PRAGMA cache_size = -32000")


def _begin_sqlite(connection: Connection) -> None:
    immediate = connection.get_execution_options().get(IMMEDIATE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _postgresql(url: URL) -> Engine:
    query = {"connect_timeout": str(_CONNECT_SECONDS), "application_name": "pagemill", **url.query}
    try:
        engine = create_engine(url.set(query=query))
    except ModuleNotFoundError as error:
        raise LedgerFault(
            "The ledger cannot be opened: the PostgreSQL driver is not installed.",
            advice="Install it with: pip install 'pagemill[postgresql]'",
        ) from error
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_postgresql(connection: Any, _record: object) -> None:
    # A server or role may be set to acknowledge before the disk has it; an answer is paid for, so not here.
    connection.execute("SET synchronous_commit = on")
    connection.commit()


def _create_tables(engine: Engine, shown: str) -> None:
    with engine.connect().execution_options(**{IMMEDIATE: True}) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATING})
        metadata.create_all(connection)
        found = connection.execute(select(schema_version.c.version)).scalar()
        if found is None:
            connection.execute(insert(schema_version).values(version=VERSION))
        elif found > VERSION:
            message = f"The ledger {shown} was made by a newer pagemill: tables of version {found}, not {VERSION}."
            raise LedgerFault(
                message,
                advice="Update pagemill on this machine, or name another ledger with --ledger.",
            )
