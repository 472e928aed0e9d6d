"""Write aside, fsync, rename: what exists under its final name is complete and survives a power cut.

Files in the making lie in one hidden folder of the output, not beside their final names: a reader that is given
a table's folder would trip over them there.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from schemas.errors import OutputFault

FOLDER = ".aside"
ADVICE = {
    errno.ENOSPC: "free some space on that disk or choose another --out, and run again: what is finished is kept",
    errno.EDQUOT: "raise the disk quota or choose another --out, and run again: what is finished is kept",
    errno.EFBIG: "raise the limit on file size (ulimit -f), and run again: what is finished is kept",
    errno.EMFILE: "raise the limit on open files (ulimit -n 1024), and run again: what is finished is kept",
    errno.ENFILE: "close other programs or raise the system's limit on open files, and run again",
    errno.EACCES: "get the right to write there, or choose another --out",
    errno.EPERM: "get the right to write there, or choose another --out",
    errno.EROFS: "that disk is mounted read-only: choose another --out",
}
NO_LINKS = frozenset({errno.EPERM, errno.EOPNOTSUPP, errno.EMLINK, errno.ENOSYS})


@contextmanager
def written_aside(root: Path, final: Path, *, place: Callable[[Path, Path], None] = os.replace) -> Iterator[BinaryIO]:
    """Give a file to write to; once the block ends well it stands under *final*, and before that nothing does.

    *root* is the output that *final* lies in. *place* moves the finished file.

    Raises:
        OutputFault: if it cannot be written; nothing is left behind.
    """
    try:
        make_folder(final.parent)
        with _locked(root / FOLDER) as (file, path):
            yield file
            file.flush()
            os.fsync(file.fileno())
            place(path, final)
            _sync_folder(final.parent)
    except OSError as error:
        raise output_fault(final, error) from error


def place_once(path: Path, final: Path) -> None:
    """Move a finished file to its name unless one stands there; of two writers the first one wins."""
    try:
        final.hardlink_to(path)
    except FileExistsError:
        return
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        path.replace(final)


def make_folder(folder: Path) -> None:
    """Make a folder and what is above it, durably."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _sync_folder(folder.parent)


def sweep(root: Path) -> int:
    """Delete files in the making whose writers are dead; count them. Those of living writers are locked."""
    swept = 0
    for path in (root / FOLDER).glob("*.tmp"):
        with suppress(OSError), path.open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
            swept += 1
    return swept


def output_fault(path: Path, error: OSError) -> OutputFault:
    """Say in one sentence what hinders writing, and in another what mends it."""
    reason = error.strerror or str(error)
    advice = ADVICE.get(error.errno or 0, "choose another --out, or mend what is in the way, and run again")
    return OutputFault(f"cannot write {path}: {reason}", advice=advice)


@contextmanager
def _locked(folder: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Make a file that `sweep` leaves alone while this process lives; it is gone at the end unless it was moved."""
    make_folder(folder)
    file, path = _open_locked(folder)
    try:
        with file:
            yield file, path
    finally:
        path.unlink(missing_ok=True)


def _open_locked(folder: Path) -> tuple[BinaryIO, Path]:
    while True:
        path = folder / f"{secrets.token_hex(8)}.tmp"
        file = path.open("xb")
        with suppress(OSError):  # without locks on this file system nobody sweeps either
            fcntl.flock(file, fcntl.LOCK_EX)
        if os.fstat(file.fileno()).st_nlink:
            return file, path
        file.close()  # swept between its making and its lock


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
