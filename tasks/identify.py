"""What a file is: its hash, its format by content, its pages."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from schemas.documents import Document, RejectedDocument, SourceFile
from schemas.errors import DocumentError, EmptyDocument, UnsupportedDocument
from tasks.drawing import check_unchanged, media_type_of, open_bytes, open_source
from tasks.ports import Workers


async def identify(
    file: SourceFile, *, passwords: Sequence[str], workers: Workers, seconds: float
) -> Document | RejectedDocument:
    """Read and open *file* in a worker process."""
    try:
        return await workers.run(examine, file, tuple(passwords), seconds=seconds)
    except DocumentError as error:
        return RejectedDocument(file, error)


def examine(file: SourceFile, passwords: tuple[str, ...]) -> Document | RejectedDocument:
    """Hash *file*, tell its format and count its pages; the job of a worker.

    The format comes first, so that a film among the documents is not read to its end.
    """
    doc_id = None
    try:
        check_unchanged(file)
        with open_bytes(file.path) as stream:
            media_type = media_type_of(stream)
            if media_type is None:
                msg = "its content is of no format that is read here"
                raise UnsupportedDocument(msg)
            stream.seek(0)
            doc_id = hashlib.file_digest(stream, "sha256").hexdigest()
        document = _opened(file, doc_id, media_type, passwords)
        check_unchanged(file)
    except DocumentError as error:
        return RejectedDocument(file, error, doc_id)
    return document


def _opened(file: SourceFile, doc_id: str, media_type: str, passwords: tuple[str, ...]) -> Document:
    source = open_source(file.path, media_type, passwords)
    try:
        if source.page_count == 0:
            msg = "the document has no pages"
            raise EmptyDocument(msg)
        return Document(
            file=file,
            doc_id=doc_id,
            media_type=media_type,
            page_count=source.page_count,
            page_labels=source.page_labels,
            encrypted=source.encrypted,
            password=source.password,
            notes=source.notes,
        )
    finally:
        source.close()
