"""Finding films: which of what was discovered are films, and what is known of them from an earlier look."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from schemas.documents import Document, RejectedDocument, SourceFile
from schemas.errors import DocumentError
from tasks.discover import found_again
from tasks.filming.examine import examine_film
from tasks.filming.folders import Found, is_folder, look
from tasks.filming.formats import FILMS
from tasks.filming.reel import check_reader
from tasks.ports import KnownDocument, Workers

SLOW = 10.0
"""How much longer than a page a film may take."""


async def identify_film(file: SourceFile, *, workers: Workers, seconds: float) -> Document | RejectedDocument:
    """Read and open a film in a worker process.

    Raises:
        UsageFault: if it is a video file, and what opens these is not installed.
    """
    if not is_folder(file):
        check_reader()
    try:
        return await workers.run(examine_film, file, seconds=seconds * SLOW)
    except DocumentError as error:
        return RejectedDocument(file, error)


def film_again(file: SourceFile, elsewhere: Callable[[str], Iterator[Found]]) -> Found:
    """Look at a film that was found before: it may have changed since, or be gone."""
    if not is_folder(file):
        return found_again(file, elsewhere)
    try:
        return look(file)
    except DocumentError as error:
        return RejectedDocument(file, error)


class Remembers(Protocol):
    """What remembers files by path, size and time."""

    async def known_files(self, files: Sequence[SourceFile]) -> Mapping[str, KnownDocument]:
        """Look up what an earlier look found, by path."""
        ...

    async def remember_files(self, files: Sequence[tuple[SourceFile, KnownDocument]]) -> None:
        """Remember what was found."""
        ...


@dataclass(frozen=True, slots=True)
class OneKind:
    """Remembers films only, or all but films: what is a document to one operation is not to another."""

    memory: Remembers
    films: bool

    async def known_files(self, files: Sequence[SourceFile]) -> Mapping[str, KnownDocument]:
        """Look up what is of this kind."""
        known = await self.memory.known_files(files)
        return {path: found for path, found in known.items() if (found.media_type in FILMS) == self.films}

    async def remember_files(self, files: Sequence[tuple[SourceFile, KnownDocument]]) -> None:
        """Remember what was found."""
        await self.memory.remember_files(files)
