"""Finding files: folders, patterns, lists and single files, lazily, in an order that does not change."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from hashlib import blake2b
from pathlib import Path
from typing import TextIO

from schemas.documents import RejectedDocument, SourceFile
from schemas.errors import (
    DocumentError,
    EmptyDocument,
    MissingDocument,
    NotAFile,
    UnreadableDocument,
    UsageFault,
)

Discovered = SourceFile | RejectedDocument
_MAGIC = frozenset("*?[")
_SLASH = os.sep.encode()


def discover(
    sources: Sequence[str], *, exclude: Sequence[Path] = (), stdin: TextIO | None = None
) -> Iterator[Discovered]:
    """Find the files that *sources* name, each real path once.

    A source is a file, a folder (read with all its folders), a pattern with `*`, `?`, `[...]` and `**`,
    `@list.txt` (one path a line) or `-` (the same from *stdin*). Within one source the order is that of the
    paths' bytes. Hidden files and folders, and the *exclude* folders, are left out where they were not named
    themselves. What stands there and cannot be read is given as a `RejectedDocument`.

    Raises:
        UsageFault: if a list of paths cannot be read.
    """
    walk = _Walk(frozenset(os.path.realpath(path) for path in exclude))
    for source in sources:
        if source == "-":
            yield from _listed(_lines(stdin or sys.stdin), walk)
        elif source.startswith("@"):
            yield from _listed(_list_file(source[1:]), walk)
        elif _MAGIC.isdisjoint(source) or os.path.lexists(source):
            yield from walk.named(source)
        else:
            yield from _matching(source, walk)


@dataclass
class _Walk:
    """A walk over folders, and what it has passed."""

    exclude: frozenset[str]
    _seen: set[bytes] = field(default_factory=set)

    def named(self, path: str, *, below: str | None = None) -> Iterator[Discovered]:
        """Give the file, or all files of the folder, that stands at *path*; *below* says that a pattern led there."""
        path = os.path.abspath(path)
        if not os.path.isdir(path):
            yield from self._file(path, below or os.path.dirname(path), explicit=below is None)
            return
        root = below or path
        stack = [self._entries(path, root)]
        while stack:
            found = next(stack[-1], None)
            if found is None:
                stack.pop()
            elif isinstance(found, str):
                stack.append(self._entries(found, root))
            else:
                yield found

    def _entries(self, folder: str, root: str) -> Iterator[str | Discovered]:
        """Give a folder's files, and its folders as paths, in the order of their paths' bytes."""
        real = os.path.realpath(folder)
        if self._passed(real):
            return
        try:
            names = _sorted_names(folder)
        except OSError as fault:
            yield _rejected(folder, root, UnreadableDocument(f"the folder cannot be listed: {fault.strerror}"))
            return
        for name in names:
            path = os.path.join(folder, os.fsdecode(name.rstrip(_SLASH)))
            if name.endswith(_SLASH):
                if os.path.realpath(path) not in self.exclude:
                    yield path
            else:
                yield from self._file(path, root, explicit=False)

    def _file(self, path: str, root: str, *, explicit: bool) -> Iterator[Discovered]:
        if self._passed(os.path.realpath(path)):
            return
        try:
            seen = os.stat(path)
        except OSError as fault:
            missing = isinstance(fault, FileNotFoundError)
            words = "nothing stands there" if missing else f"the system does not say what it is: {fault.strerror}"
            yield _rejected(path, root, (MissingDocument if missing else UnreadableDocument)(words), explicit=explicit)
            return
        file = _source_file(path, root, seen, explicit=explicit)
        error = _objection(path, seen)
        yield file if error is None else RejectedDocument(file, error)

    def _passed(self, real: str) -> bool:
        """Whether this real path was met before; kept as a digest, so that a million paths stay small."""
        digest = blake2b(os.fsencode(real), digest_size=16).digest()
        if digest in self._seen:
            return True
        self._seen.add(digest)
        return False


def _sorted_names(folder: str) -> list[bytes]:
    """List what is not hidden, folders with a slash behind their name, which is how paths sort."""
    with os.scandir(os.fsencode(folder)) as entries:
        return sorted(
            entry.name + (_SLASH if entry.is_dir() else b"") for entry in entries if not entry.name.startswith(b".")
        )


def _objection(path: str, seen: os.stat_result) -> DocumentError | None:
    if not stat.S_ISREG(seen.st_mode):
        return NotAFile("a device, a pipe or a socket stands there")
    if seen.st_size == 0:
        return EmptyDocument("the file holds no bytes")
    if not os.access(path, os.R_OK):
        return UnreadableDocument("the system does not let it be read")
    return None


def _source_file(path: str, root: str, seen: os.stat_result | None, *, explicit: bool) -> SourceFile:
    return SourceFile(
        path=path,
        source=_text(path),
        name=_text(os.path.relpath(path, root)),
        size_bytes=seen.st_size if seen else 0,
        modified_at=datetime.fromtimestamp(seen.st_mtime_ns / 1e9, UTC) if seen else None,
        mtime_ns=seen.st_mtime_ns if seen else 0,
        explicit=explicit,
    )


def _rejected(path: str, root: str, error: DocumentError, *, explicit: bool = True) -> RejectedDocument:
    return RejectedDocument(_source_file(path, root, None, explicit=explicit), error)


def _text(path: str) -> str:
    """Give a path as clean UTF-8; bytes that are none stand as escapes."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _matching(pattern: str, walk: _Walk) -> Iterator[Discovered]:
    parts = Path(os.path.abspath(pattern)).parts
    fixed = next(at for at, part in enumerate(parts) if not _MAGIC.isdisjoint(part))
    root = os.path.join(*parts[:fixed])
    matched = False
    for path in _expand(root, parts[fixed:], walk.exclude):
        matched = True
        yield from walk.named(path, below=root)
    if not matched:
        yield _rejected(os.path.abspath(pattern), root, MissingDocument("nothing matches the pattern"))


def _expand(folder: str, parts: Sequence[str], exclude: frozenset[str]) -> Iterator[str]:
    """Give the paths below *folder* that match a pattern's *parts*; `**` is any number of folders, also none."""
    if not parts:
        yield folder
        return
    first, rest = parts[0], parts[1:]
    if first == "**":
        yield from _expand(folder, rest, exclude)
    try:
        names = _sorted_names(folder) if os.path.isdir(folder) else []
    except OSError:
        return
    for name in names:
        path = os.path.join(folder, os.fsdecode(name.rstrip(_SLASH)))
        is_folder = name.endswith(_SLASH)
        if is_folder and os.path.realpath(path) in exclude:
            continue
        if first == "**":
            if rest and is_folder and not os.path.islink(path):
                yield from _expand(path, parts, exclude)
        elif fnmatchcase(os.path.basename(path), first):
            yield from _expand(path, rest, exclude)


def _listed(paths: Iterator[str], walk: _Walk) -> Iterator[Discovered]:
    for path in paths:
        yield from walk.named(path)


def _list_file(path: str) -> Iterator[str]:
    try:
        with open(path, encoding="utf-8-sig", errors="surrogateescape", newline="\n") as lines:
            yield from _lines(lines)
    except OSError as fault:
        msg = f"the list {path} cannot be read: {fault.strerror}"
        raise UsageFault(msg, advice="name a text file with one path a line behind the @") from fault


def _lines(stream: TextIO) -> Iterator[str]:
    return (path for line in stream if (path := line.rstrip("\r\n")))
