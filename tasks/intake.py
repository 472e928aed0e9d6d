"""Documents as a stream: found, looked up or identified, several at once, in the order of discovery."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Protocol

from schemas.documents import Document, RejectedDocument, SourceFile
from tasks.ports import KnownDocument

CHUNK = 256
"""Files looked up in the ledger at once."""

Found = Document | RejectedDocument


class Knows(Protocol):
    """The part of the ledger that remembers files by path, size and time."""

    async def known_files(self, files: Sequence[SourceFile]) -> Mapping[str, KnownDocument]:
        """Look up what an earlier look found, by path."""
        ...

    async def remember_files(self, files: Sequence[tuple[SourceFile, KnownDocument]]) -> None:
        """Remember what was found."""
        ...


async def intake(
    discovered: Iterator[SourceFile | RejectedDocument],
    *,
    knows: Knows,
    identify: Callable[[SourceFile], Awaitable[Found]],
    ahead: int,
) -> AsyncGenerator[Found, None]:
    """Turn discovered files into documents, *ahead* of them being identified at once.

    A file whose size and time are those of an earlier look is not read again, unless it is encrypted: its password
    was not stored.
    """
    window: deque[asyncio.Task[Found]] = deque()
    try:
        while chunk := await asyncio.to_thread(lambda: list(islice(discovered, CHUNK))):
            known = await knows.known_files([file for file in chunk if isinstance(file, SourceFile)])
            fresh: list[tuple[SourceFile, KnownDocument]] = []
            for file in chunk:
                if len(window) >= ahead:
                    yield _noted(await window.popleft(), known, fresh)
                window.append(asyncio.ensure_future(_document(file, known, identify)))
            while window:
                yield _noted(await window.popleft(), known, fresh)
            await knows.remember_files(fresh)
    finally:
        for task in window:
            task.cancel()
        await asyncio.gather(*window, return_exceptions=True)


async def _document(
    file: SourceFile | RejectedDocument,
    known: Mapping[str, KnownDocument],
    identify: Callable[[SourceFile], Awaitable[Found]],
) -> Found:
    if isinstance(file, RejectedDocument):
        return file
    found = known.get(file.path)
    if found is None or found.encrypted:
        return await identify(file)
    return Document(
        file=file,
        doc_id=found.doc_id,
        media_type=found.media_type,
        page_count=found.page_count,
        page_labels=found.page_labels,
        encrypted=found.encrypted,
        notes=found.notes,
    )


def _noted(found: Found, known: Mapping[str, KnownDocument], fresh: list[tuple[SourceFile, KnownDocument]]) -> Found:
    if isinstance(found, Document) and found.file.path not in known:
        fresh.append(
            (
                found.file,
                KnownDocument(
                    doc_id=found.doc_id,
                    media_type=found.media_type,
                    page_count=found.page_count,
                    page_labels=found.page_labels,
                    encrypted=found.encrypted,
                    notes=found.notes,
                    version=found.file.version,
                ),
            )
        )
    return found
