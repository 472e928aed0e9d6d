"""Putting another folder in a folder's place, at once: who lists it sees the one or the other, never both or none."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from schemas.errors import OutputFault
from tasks.aside import FOLDER, make_folder, output_fault

LISTING = 2.0
"""Seconds in which whoever began to list a folder has its names. It is deleted after that."""
_ENDING = ".table"
_HERE = -100
_EXCHANGE = 2
_NOT_HERE = frozenset({errno.EINVAL, errno.ENOSYS, errno.EXDEV, errno.ENOTSUP, errno.EOPNOTSUPP})


@contextmanager
def rebuilt(root: Path, folder: Path) -> Iterator[Path]:
    """Give an empty folder; once the block ends well it stands in the place of *folder*, in the output *root*.

    What stood there is kept aside until nobody can be listing it any more.

    Raises:
        OutputFault: if it cannot be; *folder* is then as it was.
    """
    clear(root)
    try:
        new = _new_folder(root)
        with _locked(new) as handle:
            yield new
            shutil.copymode(folder, new)
            os.fsync(handle)
            _exchange(new, folder)
            _sync(root, root / FOLDER)
    except OSError as error:
        raise output_fault(folder, error) from error


def _new_folder(root: Path) -> Path:
    """Make a folder, and make sure with it that folders can be swapped here, before much is written into it."""
    new, other = (root / FOLDER / f"{secrets.token_hex(8)}{_ENDING}" for _ in range(2))
    make_folder(new)
    make_folder(other)
    try:
        _exchange(new, other)
    finally:
        other.rmdir()
    return new


def link_all(folder: Path, new: Path, *, but: frozenset[str]) -> None:
    """Let *new* hold the files of *folder* as well, *but* some; nothing is copied."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name not in but:
                (new / entry.name).hardlink_to(entry.path)


def clear(root: Path) -> None:
    """Delete folders that were replaced, and those of writers that died; not what is in the making."""
    for folder in (root / FOLDER).glob(f"*{_ENDING}"):
        with suppress(OSError), _locked(folder):
            if time.time() - folder.stat().st_ctime > LISTING:  # moving a folder is a change of it
                shutil.rmtree(folder)


@contextmanager
def _locked(folder: Path) -> Iterator[int]:
    """Keep `clear` off a folder.

    Raises:
        OSError: if another process keeps it.
    """
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield handle
    finally:
        os.close(handle)


def _exchange(one: Path, other: Path) -> None:
    """Swap what two names stand for.

    Raises:
        OutputFault: where the system or the file system cannot.
        OSError: if it fails.
    """
    swap = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    failed = swap is None or swap(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) != 0
    if not failed:
        return
    number = errno.ENOSYS if swap is None else ctypes.get_errno()
    if number in _NOT_HERE:
        msg = f"the file system of {other} cannot swap two folders at once"
        raise OutputFault(msg, advice="move the output to a local disk of Linux (ext4, xfs, btrfs) to merge its parts")
    raise OSError(number, os.strerror(number), str(other))


def _sync(*folders: Path) -> None:
    for folder in folders:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
