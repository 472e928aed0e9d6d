"""What can be wrong with a document: it costs that document or page. All errors: `schemas.errors`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class PipelineError(Exception):
    """A fault of one document, page or call: it becomes a row and the run goes on."""

    kind: ClassVar[str] = "pipeline_error"


class DocumentError(PipelineError):
    """The file cannot be read as it is."""

    kind = "document_error"


class MissingDocument(DocumentError):
    """Nothing stands at that path, or no longer does."""

    kind = "missing"


class UnreadableDocument(DocumentError):
    """The operating system refuses to read the file."""

    kind = "unreadable"


class UnreachableDocument(DocumentError):
    """The place where it lies could not be reached, nor after some tries."""

    kind = "unreachable"


class NotAFile(DocumentError):
    """A device, a pipe or a socket stands where a file is expected."""

    kind = "not_a_file"


class EmptyDocument(DocumentError):
    """The file holds no bytes, or a document without a page."""

    kind = "empty"


class UnsupportedDocument(DocumentError):
    """The content is of no format that can be read."""

    kind = "unsupported"


class CorruptDocument(DocumentError):
    """The content is of a known format and broken."""

    kind = "corrupt"


class EncryptedDocument(DocumentError):
    """The document needs a password that was not given."""

    kind = "encrypted"


class DocumentTooLarge(DocumentError):
    """Refused by arithmetic: decoding it would take more memory than is allowed."""

    kind = "too_large"


class DocumentChanged(DocumentError):
    """The bytes are not those that were planned."""

    kind = "changed"


class UnsettledDocument(DocumentError):
    """The file is still being written; it is left for the next run, and has no row before."""

    kind = "unsettled"


class RenderFailed(DocumentError):
    """The page cannot be drawn."""

    kind = "render_failed"


class RenderTimeout(DocumentError):
    """Drawing the page took longer than allowed; its worker was ended."""

    kind = "render_timeout"


class RenderCrash(DocumentError):
    """The render process died on this page (a native crash, or its memory limit)."""

    kind = "render_crash"


class UnforeseenFault(DocumentError):
    """Reading the document raised what nobody foresaw: a bug, here or in a parser. The message names the place.

    It costs this document or page, and is never taken for the fault of the whole run.
    """

    kind = "unforeseen"


class UndrawnPages(DocumentError):
    """Pages among several that go into one request cannot be drawn: *faults* says which, and why each.

    It becomes no row itself: each of its pages gets its own fault, and the others are asked about without them.
    """

    def __init__(self, faults: Mapping[int, DocumentError]) -> None:
        super().__init__("; ".join(f"page {page_no}: {fault}" for page_no, fault in faults.items()))
        self.faults = faults

    def __reduce__(self) -> tuple[type[UndrawnPages], tuple[Mapping[int, DocumentError]]]:
        """Copy and pickle by what it was made of."""
        return type(self), (self.faults,)
