"""A name under which C libraries can open any file, whatever bytes its path holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from schemas.errors import MissingDocument, UnreadableDocument


@contextmanager
def readable(path: str) -> Iterator[str]:
    """Give *path* itself, or where it is not UTF-8 the name of an open descriptor, for as long as the block runs.

    Raises:
        MissingDocument: if nothing stands there.
        UnreadableDocument: if the system refuses to read it.
    """
    with open_bytes(path) as stream:
        yield path if _encodable(path) else f"/dev/fd/{stream.fileno()}"


def open_bytes(path: str) -> BufferedReader:
    """Open a document's bytes for reading.

    Raises:
        MissingDocument: if nothing stands there.
        UnreadableDocument: if the system refuses to read it.
    """
    try:
        return Path(path).open("rb")
    except FileNotFoundError as fault:
        msg = "the file is no longer there"
        raise MissingDocument(msg) from fault
    except OSError as fault:
        msg = f"the system does not let it be read: {fault.strerror}"
        raise UnreadableDocument(msg) from fault


def _encodable(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
