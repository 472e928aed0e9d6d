"""Fetching one document into a file of ours, hashed on the way."""

from __future__ import annotations

import hashlib
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, NamedTuple

from schemas.documents import SourceFile
from schemas.errors import DocumentChanged, DocumentTooLarge, Interrupted, OutputFault
from tasks.remote.stores import BLOCK, Stores


class Fetched(NamedTuple):
    """A copy of a document: the file as a worker is to open it, and the SHA-256 of its bytes."""

    file: SourceFile
    digest: str


def fetch(file: SourceFile, stores: Stores, target: Path, *, most: int, stop: threading.Event) -> Fetched:
    """Copy what stands at the address of *file* to *target*, of at most *most* bytes; *stop* ends it soon.

    Raises:
        DocumentError: if it cannot be fetched, is larger, or not of the size that was listed.
        OutputFault: if there is no room for it on this machine.
    """
    try:
        digest = stores.patiently(lambda: _copied(file, stores, target, most, stop))
        seen = target.stat()
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    if file.size_bytes and seen.st_size != file.size_bytes:
        target.unlink()
        msg = f"the file changed after it was found: {file.size_bytes} bytes then, {seen.st_size} now"
        raise DocumentChanged(msg)
    here = replace(file, path=str(target), url=None, size_bytes=seen.st_size, mtime_ns=seen.st_mtime_ns)
    return Fetched(here, digest)


def _copied(file: SourceFile, stores: Stores, target: Path, most: int, stop: threading.Event) -> str:
    digest, size = hashlib.sha256(), 0
    with closing(stores.open_bytes(file.url or "")) as stream, _writable(target) as copy:
        while chunk := stream.read(BLOCK):
            if stop.is_set():
                msg = "the run was ended while it was fetched"
                raise Interrupted(msg)
            size += len(chunk)
            if size > most:
                msg = f"it is larger than {most / 1e6:,.0f} MB, which is the most that is fetched (--fetch-mb)"
                raise DocumentTooLarge(msg)
            digest.update(chunk)
            _write(copy, chunk, target)
    return digest.hexdigest()


def _writable(target: Path) -> BinaryIO:
    try:
        return target.open("wb")
    except OSError as error:
        raise _no_room(target, error) from error


def _write(copy: BinaryIO, chunk: bytes, target: Path) -> None:
    try:
        copy.write(chunk)
        copy.flush()
    except OSError as error:
        raise _no_room(target, error) from error


def _no_room(target: Path, error: OSError) -> OutputFault:
    msg = f"a document cannot be fetched into {target.parent}: {error.strerror}"
    return OutputFault(msg, advice="make room there, or name another disk with TMPDIR; the run resumes")
