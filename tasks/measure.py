"""How large pages are, without rendering them: what an estimate needs to count image tokens exactly."""

from __future__ import annotations

from collections.abc import Sequence

from schemas.documents import Document
from schemas.errors import DocumentError
from schemas.pixels import image_tokens
from schemas.requests import FrameSpec, RenderSpec
from tasks.drawing import opened
from tasks.filming import film_tokens
from tasks.ports import Workers
from tasks.render import sent_size


async def measure(
    document: Document, page_nos: Sequence[int], spec: RenderSpec, *, workers: Workers, seconds: float
) -> list[int | None]:
    """Count the image tokens of pages in a worker process; None where the page cannot be rendered.

    Raises:
        DocumentError: if the document cannot be opened.
    """
    return await workers.run(page_tokens, document, page_nos, spec, seconds=seconds * max(len(page_nos), 1))


def page_tokens(document: Document, page_nos: Sequence[int], spec: RenderSpec) -> list[int | None]:
    """Count the image tokens of pages; the job of a worker."""
    found: list[int | None] = []
    if isinstance(spec, FrameSpec):
        return [film_tokens(document, spec) for _ in page_nos]
    with opened(document) as source:
        for page_no in page_nos:
            try:
                found.append(image_tokens(*sent_size(source, page_no, spec), spec))
            except DocumentError:
                found.append(None)
    return found
