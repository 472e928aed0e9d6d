"""A few documents kept open per process: pages of one document come one after another, and opening costs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.documents import Document, SourceFile
from schemas.errors import DocumentChanged, MissingDocument, UnreadableDocument
from tasks.drawing.open import open_source
from tasks.drawing.source import PageSource

MAX_OPEN = 4
_Key = tuple[str, int, int, str, str | None]
_open: OrderedDict[_Key, PageSource] = OrderedDict()


@contextmanager
def opened(document: Document) -> Iterator[PageSource]:
    """Give *document* open, from this process's cache if it is there; the cache closes it.

    The file must be the one that was identified, before and after the block.

    Raises:
        MissingDocument: if it is gone.
        DocumentChanged: if its size or its time of change differ.
        DocumentError: if it cannot be opened.
    """
    file = document.file
    key = (file.path, file.size_bytes, file.mtime_ns, document.media_type, document.password)
    try:
        check_unchanged(file)
        yield _take(key)
        check_unchanged(file)
    except BaseException:
        _drop(key)
        raise


def check_unchanged(file: SourceFile) -> None:
    """Compare the file with what discovery saw of it.

    Raises:
        MissingDocument: if it is gone.
        UnreadableDocument: if the system does not say.
        DocumentChanged: if its size or its time of change differ.
    """
    try:
        now = Path(file.path).stat()
    except FileNotFoundError:
        msg = "the file is no longer there"
        raise MissingDocument(msg) from None
    except OSError as fault:
        msg = f"the system does not let it be read: {fault.strerror}"
        raise UnreadableDocument(msg) from fault
    if (now.st_size, now.st_mtime_ns) != (file.size_bytes, file.mtime_ns):
        msg = f"the file changed after it was found: {file.size_bytes} bytes then, {now.st_size} now"
        raise DocumentChanged(msg)


def _take(key: _Key) -> PageSource:
    if key not in _open:
        path, _, _, media_type, password = key
        _open[key] = open_source(path, media_type, () if password is None else (password,))
        while len(_open) > MAX_OPEN:
            _open.popitem(last=False)[1].close()
    _open.move_to_end(key)
    return _open[key]


def _drop(key: _Key) -> None:
    """Forget a document that failed: what a parser holds after a fault is not to be trusted."""
    source = _open.pop(key, None)
    if source is not None:
        source.close()
