"""Finding files: folders, patterns, lists and single files, lazily, in an order that does not change."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from schemas.addresses import scheme_of, shown
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
_Identity = tuple[int, int]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAGIC = frozenset("*?[")
_SLASH = os.sep.encode()


def discover(
    sources: Sequence[str],
    *,
    exclude: Sequence[Path] = (),
    stdin: TextIO | None = None,
    elsewhere: Callable[[str], Iterator[Discovered]] | None = None,
) -> Iterator[Discovered]:
    """Find the files that *sources* name, each real path once.

    A source is a file, a folder (read with all its folders), a pattern with `*`, `?`, `[...]` and `**`,
    `@list.txt` (one path a line) or `-` (the same from *stdin*). Within one source the order is that of the
    paths' bytes. Hidden files and folders, and the *exclude* folders, are left out where they were not named
    themselves. What stands there and cannot be read is given as a `RejectedDocument`. An address (`s3://...`) is
    given to *elsewhere*, which finds what is there.

    Raises:
        UsageFault: if a list of paths cannot be read.
    """
    walk = _Walk(frozenset(identity for path in exclude if (identity := _identity(path))), elsewhere)
    for source in sources:
        if source == "-":
            yield from _listed(_lines(stdin or sys.stdin), walk)
        elif source.startswith("@"):
            yield from _listed(_list_file(source[1:]), walk)
        elif walk.leads_away(source) or _MAGIC.isdisjoint(source) or os.path.lexists(source):
            yield from walk.named(source)
        else:
            yield from _matching(source, walk)


def found_again(file: SourceFile, elsewhere: Callable[[str], Iterator[Discovered]]) -> Discovered:
    """Look at a file that was found before: it may have changed since, or be gone."""
    if file.url is not None:
        found = next(elsewhere(file.url))
        if isinstance(found, RejectedDocument):
            return replace(found, file=file)
        return replace(found, name=file.name, explicit=file.explicit)
    seen, error = _look(file.path)
    now = file if seen is None else replace(file, **_seen(seen))
    return now if error is None else RejectedDocument(now, error)


class _Place(NamedTuple):
    """A file or folder under the path by which it was reached, and its real path."""

    path: str
    real: str

    def below(self, name: str) -> _Place:
        """What *name* in this folder is called; only a link needs the system to say where it leads."""
        path = os.path.join(self.path, name)
        return _Place(path, os.path.realpath(path) if os.path.islink(path) else os.path.join(self.real, name))


@dataclass
class _Walk:
    """A walk over folders, and what it has passed: folders by identity, files by a digest of their real paths."""

    exclude: frozenset[_Identity]
    elsewhere: Callable[[str], Iterator[Discovered]] | None = None
    _folders: set[_Identity] = field(default_factory=set)
    _files: set[bytes] = field(default_factory=set)

    def named(self, path: str, *, matched_below: str | None = None) -> Iterator[Discovered]:
        """Give the file, or all files of the folder, at *path*, which was named or *matched_below* a folder."""
        if self.elsewhere is not None and scheme_of(path) is not None:
            yield from filter(self._is_new, self.elsewhere(path))
            return
        path = os.path.abspath(path)
        here = _Place(path, os.path.realpath(path))
        if not os.path.isdir(path):
            yield from self._file(here, matched_below or os.path.dirname(path), explicit=matched_below is None)
            return
        root = matched_below or path
        stack = [self._entries(here, root)]
        while stack:
            found = next(stack[-1], None)
            if found is None:
                stack.pop()
            elif isinstance(found, _Place):
                stack.append(self._entries(found, root))
            else:
                yield found

    def leads_away(self, path: str) -> bool:
        """Say whether this is an address of what lies elsewhere."""
        return self.elsewhere is not None and scheme_of(path) is not None

    def _is_new(self, found: Discovered) -> bool:
        file = found.file if isinstance(found, RejectedDocument) else found
        return self._is_first(file.url or file.path)

    def _is_first(self, real: str) -> bool:
        """Take note of a file by its real path; whether it is the first time."""
        digest = blake2b(os.fsencode(real), digest_size=16).digest()
        is_first = digest not in self._files
        self._files.add(digest)
        return is_first

    def _entries(self, folder: _Place, root: str) -> Iterator[_Place | Discovered]:
        """Give what is in a folder, in the order of the paths' bytes; nothing if it was passed before."""
        identity = _identity(folder.path)
        if identity is None or identity in self._folders:
            return
        self._folders.add(identity)
        try:
            names = _sorted_names(folder.path)
        except OSError as fault:
            error = UnreadableDocument(f"the folder cannot be listed: {fault.strerror}")
            yield RejectedDocument(_source_file(folder.path, root, None, explicit=False), error)
            return
        for name in names:
            entry = folder.below(os.fsdecode(name.rstrip(_SLASH)))
            if not name.endswith(_SLASH):
                yield from self._file(entry, root, explicit=False)
            elif _identity(entry.path) not in self.exclude:
                yield entry

    def _file(self, file: _Place, root: str, *, explicit: bool) -> Iterator[Discovered]:
        if not self._is_first(file.real):
            return
        seen, error = _look(file.path)
        source = _source_file(file.path, root, seen, explicit=explicit)
        yield source if error is None else RejectedDocument(source, error)


def _identity(path: str | Path) -> _Identity | None:
    """Give the device and the number of a file, None where nothing stands."""
    try:
        seen = os.stat(path)
    except OSError:
        return None
    return seen.st_dev, seen.st_ino


def _sorted_names(folder: str) -> list[bytes]:
    """List what is not hidden, folders with a slash behind their name, which is how paths sort."""
    with os.scandir(os.fsencode(folder)) as entries:
        return sorted(
            entry.name + (_SLASH if _is_folder(entry) else b"") for entry in entries if not entry.name.startswith(b".")
        )


def _is_folder(entry: os.DirEntry[bytes]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads nowhere but to itself
        return False


def _look(path: str) -> tuple[os.stat_result | None, DocumentError | None]:
    """Give what the system says of a file, and what hinders reading it."""
    try:
        seen = os.stat(path)
        return seen, _objection(path, seen)
    except FileNotFoundError:
        return None, MissingDocument("nothing stands there")
    except OSError as fault:
        return None, UnreadableDocument(f"the system does not say what it is: {fault.strerror}")


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
        explicit=explicit,
        **(_seen(seen) if seen else {"size_bytes": 0, "modified_at": None, "mtime_ns": 0}),
    )


def _seen(seen: os.stat_result) -> dict[str, Any]:
    modified_at = _EPOCH + timedelta(microseconds=seen.st_mtime_ns // 1_000)
    return {"size_bytes": seen.st_size, "modified_at": modified_at, "mtime_ns": seen.st_mtime_ns}


def place_of(source: str) -> str:
    """Say under which path a source itself stands in tables, where it cannot be listed."""
    return shown(source) if scheme_of(source) else _text(os.path.abspath(source))


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
        yield from walk.named(path, matched_below=root)
    if not matched:
        source = _source_file(os.path.abspath(pattern), root, None, explicit=True)
        yield RejectedDocument(source, MissingDocument("nothing matches the pattern"))


def _expand(folder: str, parts: Sequence[str], exclude: frozenset[_Identity]) -> Iterator[str]:
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
        if is_folder and _identity(path) in exclude:
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
