"""Opening a document by its media type."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.errors import UnsupportedDocument
from tasks.drawing.formats import PAGED, PICTURES
from tasks.drawing.paged import PagedDocument
from tasks.drawing.pictures import PictureDocument


def open_source(path: str, media_type: str, passwords: Sequence[str] = ()) -> PagedDocument | PictureDocument:
    """Open the document for the caller, who closes it.

    Raises:
        DocumentError: if it cannot be opened: missing, unreadable, corrupt, encrypted, too large, unsupported.
    """
    if media_type in PAGED:
        return PagedDocument(path, media_type, passwords)
    if media_type in PICTURES:
        return PictureDocument(path, media_type)
    msg = f"nothing here reads {media_type}"
    raise UnsupportedDocument(msg)
