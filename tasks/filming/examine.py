"""What a film is: its hash, its format, and that it can be opened."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

from schemas.documents import Document, RejectedDocument, SourceFile
from schemas.errors import DocumentError, UnreadableDocument, UnsupportedDocument
from tasks.drawing import check_unchanged, open_bytes
from tasks.filming.folders import check_same, frame_paths, is_folder
from tasks.filming.formats import FRAMES, film_type_of
from tasks.filming.reel import reel


def examine_film(file: SourceFile) -> Document | RejectedDocument:
    """Hash a film and open it; the job of a worker. It is a document of one page, because it has one answer."""
    doc_id = None
    try:
        with unchanged(file):
            media_type, doc_id = _identity(file)
            if media_type != FRAMES:
                with reel(file.path):
                    pass  # that it opens, and says how long it is
        return Document(file=file, doc_id=doc_id, media_type=media_type, page_count=1)
    except DocumentError as error:
        return RejectedDocument(file, error, doc_id)


@contextmanager
def unchanged(file: SourceFile) -> Iterator[None]:
    """Make sure that a film is the one that was found, before and after the block.

    Raises:
        DocumentError: if it is not, or is gone.
    """
    check = check_same if is_folder(file) else check_unchanged
    check(file)
    yield
    check(file)


def _identity(file: SourceFile) -> tuple[str, str]:
    if is_folder(file):
        return FRAMES, _hash_of_frames(file.path)
    with open_bytes(file.path) as stream:
        media_type = film_type_of(stream)
        if media_type is None:
            raise UnsupportedDocument("its content is no film of a format that is read here")
        stream.seek(0)
        return media_type, hashlib.file_digest(stream, "sha256").hexdigest()


def _hash_of_frames(folder: str) -> str:
    """Name a folder by its frames' bytes in their order; what the files are called does not matter."""
    whole = hashlib.sha256(b"frames\n")
    for path in frame_paths(folder):
        try:
            with path.open("rb") as stream:
                whole.update(hashlib.file_digest(stream, "sha256").digest())
        except OSError as fault:
            msg = f"the frame {path.name} cannot be read: {fault.strerror}"
            raise UnreadableDocument(msg) from fault
    return whole.hexdigest()
