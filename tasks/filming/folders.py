"""Folders of frames: the pictures that lie in one folder are one film, in the order of their numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from schemas.documents import RejectedDocument, SourceFile
from schemas.errors import DocumentChanged, MissingDocument, UnreadableDocument

PICTURE_NAMES = re.compile(r"\.(jpe?g|png|bmp|tiff?|webp|heic)$", re.IGNORECASE)
"""Frames by their names; what they hold is seen when they are opened. The formats are those that the service takes."""
_NUMBER = re.compile(r"(\d+)")
Found = SourceFile | RejectedDocument


def gathered(discovered: Iterator[Found], *, films: bool) -> Iterator[Found]:
    """Put the pictures of each folder together to one film, where *films* are read; give all else as it is.

    Pictures that lie elsewhere stay what they are: their folder cannot be looked at as one file.
    """
    folders: set[str] = set()
    for found in discovered:
        file = found.file if isinstance(found, RejectedDocument) else found
        is_frame = PICTURE_NAMES.search(file.path) and file.url is None and not isinstance(found, RejectedDocument)
        if not films or not is_frame:
            yield found
        elif (folder := str(Path(file.path).parent)) not in folders:
            folders.add(folder)
            yield _film_of(file, folder)


def _film_of(frame: SourceFile, folder: str) -> Found:
    name = str(Path(frame.name).parent)
    film = replace(
        frame, path=folder, source=str(Path(frame.source).parent), name=Path(folder).name if name == "." else name
    )
    try:
        return look(film)
    except (MissingDocument, UnreadableDocument) as fault:
        return RejectedDocument(film, fault)


def is_folder(file: SourceFile) -> bool:
    """Whether a film is a folder of frames, and no video file."""
    return file.url is None and Path(file.path).is_dir()


def frame_paths(folder: str) -> list[Path]:
    """List the frames of a folder by the numbers in their names: frame 2 comes before frame 10.

    Raises:
        MissingDocument: if the folder is gone.
        UnreadableDocument: if the system refuses to list it.
    """
    try:
        found = [path for path in Path(folder).iterdir() if PICTURE_NAMES.search(path.name) and path.name[0] != "."]
    except FileNotFoundError:
        raise MissingDocument("the folder is no longer there") from None
    except OSError as fault:
        msg = f"the system does not let the folder be listed: {fault.strerror}"
        raise UnreadableDocument(msg) from fault
    return sorted(found, key=_in_order)


def _in_order(path: Path) -> tuple[list[tuple[int, str]], str]:
    pieces = _NUMBER.split(path.name)
    return [(int(piece), "") if piece.isdecimal() else (-1, piece.casefold()) for piece in pieces], path.name


def look(folder: SourceFile) -> SourceFile:
    """Look at a folder of frames as it is now: its size is that of its frames, its time that of the latest change.

    Raises:
        MissingDocument: if it is gone.
        UnreadableDocument: if the system refuses to look.
    """
    paths = frame_paths(folder.path)
    try:
        seen = [path.stat() for path in paths]
        changed = max((Path(folder.path).stat().st_mtime_ns, *(each.st_mtime_ns for each in seen)))
    except OSError as fault:
        msg = f"the system does not say what the frames are: {fault.strerror}"
        raise UnreadableDocument(msg) from fault
    when = datetime.fromtimestamp(changed / 1e9, UTC)
    return replace(folder, size_bytes=sum(each.st_size for each in seen), modified_at=when, mtime_ns=changed)


def check_same(folder: SourceFile) -> None:
    """Make sure that the frames are those that were found.

    Raises:
        DocumentChanged: if they are not.
        DocumentError: if they cannot be looked at.
    """
    now = look(folder)
    if (now.size_bytes, now.mtime_ns) != (folder.size_bytes, folder.mtime_ns):
        raise DocumentChanged("the frames changed after they were found")
