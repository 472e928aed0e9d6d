"""What a database complains of, as a `LedgerFault` with the sentence that mends it."""

from __future__ import annotations

import errno
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sqlalchemy import exc

from schemas.errors import LedgerFault

T = TypeVar("T")

_AGAIN = "Then run the same command again: every answer that was paid for is kept."
_FULL = f"Free some space there. {_AGAIN}"
_BROKEN = (
    "Put back a copy of it, or move it away and start with a new one (finished parts of results stay; "
    "answers that are only in this ledger would be asked again)."
)
_ALMOST_NOTHING = 1 << 20
_RETRY_SECONDS = 60.0
_RETRY_PAUSE = 0.1

_SQLITE: tuple[tuple[str, str, str], ...] = (
    ("SQLITE_FULL", "there is no space left for it", _FULL),
    ("SQLITE_CORRUPT", "its file is damaged", _BROKEN),
    ("SQLITE_NOTADB", "that file is not a ledger", "Name another file with --ledger, or move that one away."),
    ("SQLITE_READONLY", "it may not be written", f"Give the right to write the file and its folder. {_AGAIN}"),
    ("SQLITE_PERM", "it may not be opened", f"Give the right to read and write it. {_AGAIN}"),
    ("SQLITE_CANTOPEN", "it cannot be opened", "Check that the folder exists and may be written, or set --ledger."),
    ("SQLITE_BUSY", "another process has kept it locked for too long", f"End that process. {_AGAIN}"),
    ("SQLITE_LOCKED", "another process has kept it locked for too long", f"End that process. {_AGAIN}"),
    ("SQLITE_IOERR", "the disk reports an error", f"Check the disk or the network mount that holds it. {_AGAIN}"),
    ("SQLITE_PROTOCOL", "its locks do not work there", "Put it on a local disk with --ledger, or use PostgreSQL."),
)
_POSTGRESQL: tuple[tuple[str, str, str], ...] = (
    ("53100", "the server's disk is full", _FULL),
    ("53300", "the server takes no more connections", f"Raise its max_connections or end some. {_AGAIN}"),
    ("42501", "the user has not the rights", "Grant the user CREATE on the schema, and its own tables."),
    ("25006", "the server takes no writes (a replica?)", "Name the primary server in --ledger."),
    ("57P", "the server was shut down", f"Start it. {_AGAIN}"),
    ("08", "the connection to the server was lost", f"Check the network and the server. {_AGAIN}"),
    ("XX001", "its data is damaged", "Restore the database from a backup."),
)
_PASSING_STATES = ("40001", "40P01", "55P03", "57P", "08", "53300")


def is_passing(error: Exception) -> bool:
    """Say whether the same again can succeed: a lock, a deadlock, a lost connection."""
    if not isinstance(error, exc.DBAPIError):
        return False
    name, state = _names(error)
    if name:
        return name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))
    return error.connection_invalidated or state.startswith(_PASSING_STATES) or _is_unreachable(error, state)


def persistently(action: Callable[[], T]) -> T:
    """Do *action* again while what hinders it can pass, for a minute. Whatever it does must bear repeating."""
    until = time.monotonic() + _RETRY_SECONDS
    while True:
        try:
            return action()
        except exc.DBAPIError as error:
            if not is_passing(error) or time.monotonic() > until:
                raise
        time.sleep(_RETRY_PAUSE)


def is_about_a_value(error: Exception) -> bool:
    """Say whether one value is at fault and not the database, so that other writes can go on."""
    if isinstance(error, exc.DataError | exc.IntegrityError):
        return True
    if isinstance(error, exc.DBAPIError):
        return _names(error)[0] in {"SQLITE_TOOBIG", "SQLITE_MISMATCH", "SQLITE_RANGE"}
    # Whatever is raised before a statement reaches the database (no integer, no UTF-8, no time zone).
    return not isinstance(error, OSError | MemoryError | exc.DisconnectionError | exc.TimeoutError)


def ledger_fault(error: Exception, where: str) -> LedgerFault:
    """Say what is wrong with the ledger at *where*, and what mends it."""
    if isinstance(error, LedgerFault):
        return error
    reason, advice = _reason(error, where)
    return LedgerFault(f"The ledger {where} cannot be used: {reason}.", advice=advice)


def _reason(error: Exception, where: str) -> tuple[str, str]:
    if isinstance(error, OSError):
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            return "there is no space left for it", _FULL
        return (error.strerror or str(error)), "Check that the folder exists and may be written, or set --ledger."
    if not isinstance(error, exc.DBAPIError):
        return f"{type(error).__name__}: {error}", ""
    name, state = _names(error)
    if name.startswith("SQLITE_IOERR") and _is_full(where):
        name = "SQLITE_FULL"
    table, said = (_SQLITE, name) if name else (_POSTGRESQL, state)
    for start, reason, advice in table:
        if said.startswith(start):
            return reason, advice
    words = " ".join(str(error.orig).split())
    if _is_unreachable(error, state):
        return f"no connection ({words})", f"Check address, user and database of --ledger, and the server. {_AGAIN}"
    return f"{said} {words}".strip(), ""


def _is_unreachable(error: exc.DBAPIError, state: str) -> bool:
    """Say whether no server spoke to us: its refusals during the connection carry no state either."""
    return isinstance(error, exc.OperationalError) and not state


def _names(error: exc.DBAPIError) -> tuple[str, str]:
    """SQLite's name of the error, PostgreSQL's state; empty where there is none."""
    name = getattr(error.orig, "sqlite_errorname", None)
    state = getattr(error.orig, "sqlstate", None)
    return name or "", state or ""


def _is_full(where: str) -> bool:
    try:
        return shutil.disk_usage(Path(where).parent).free < _ALMOST_NOTHING
    except OSError:
        return False
