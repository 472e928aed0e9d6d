"""Files that are still being written: left for the next run, which finds them whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from schemas.documents import RejectedDocument, SourceFile
from schemas.errors import DocumentChanged, UnsettledDocument

_NANOSECONDS = 1e9


def settled(
    discovered: Iterator[SourceFile | RejectedDocument], seconds: float, *, now: Callable[[], float] = time.time
) -> Iterator[SourceFile | RejectedDocument]:
    """Pass on what was found; a file that was written to within the last *seconds* is given as unsettled.

    A file whose size or time changes counts as written to at that time, so one look suffices, at no more than its
    `stat`. An empty file is one that somebody has begun.
    """
    for found in discovered:
        file = found.file if isinstance(found, RejectedDocument) else found
        if seconds and file.modified_at is not None and (age := _age(file, now())) < seconds:
            yield RejectedDocument(file, UnsettledDocument(_words(age)))
        else:
            yield found


def unsettled_by_change(rejected: RejectedDocument, seconds: float) -> RejectedDocument:
    """Say of a file that changed under our eyes that it is still being written, where that is waited for."""
    if not seconds or not isinstance(rejected.error, DocumentChanged):
        return rejected
    return replace(rejected, error=UnsettledDocument(f"it is still being written: {rejected.error}"))


def _age(file: SourceFile, now: float) -> float:
    """Seconds since the file was last written to.

    A time that lies ahead was set by hand or by a clock that is fast; then the system's own note of the last change
    counts, which nobody can set.
    """
    age = now - file.mtime_ns / _NANOSECONDS
    if age >= 0:
        return age
    try:
        return now - Path(file.path).stat().st_ctime
    except OSError:
        return age


def _words(age: float) -> str:
    if age < 0:
        return f"it may still be being written: its time lies ahead of the clock ({datetime.now(UTC):%H:%M:%S} UTC)"
    return f"it may still be being written: it was changed {age:.0f} s ago"
