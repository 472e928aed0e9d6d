"""Reading without a key and without a service: PyMuPDF's layout and RapidOCR, in this machine's worker processes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import Any, Literal

from schemas.documents import RenderedPage
from schemas.errors import RefusedRequest
from schemas.requests import ModelRequest, ModelResponse
from tasks.backends import BackendSettings
from tasks.ports import Backend, Workers
from tasks.reading import MODEL, PageReading, read_page


def is_configured() -> bool:
    """It always works: it needs no key and no service."""
    return True


def service(base_url: str | None, region: str | None) -> str:  # noqa: ARG001 - the contract; nobody else is asked
    """Name whose quota is used: that of this machine, which counts none."""
    return "local"


def create(settings: BackendSettings) -> Backend:
    """Make the backend; nothing is loaded before the first page."""
    return LocalBackend(settings.workers, seconds=settings.render_timeout)


class LocalBackend:
    """Reads the text of pages where they lie. It costs time and nothing else."""

    name = "local"
    reads: Literal["pixels", "document"] = "document"

    def __init__(self, workers: Workers, *, seconds: float) -> None:
        self._workers = workers
        self._seconds = seconds
        self._model = f"local/pymupdf-{version('pymupdf')}+{MODEL}"

    async def ask(self, request: ModelRequest, pages: Sequence[RenderedPage]) -> ModelResponse:  # noqa: ARG002 - the contract; this backend opens the document itself
        """Read the span's one page in a worker process.

        Raises:
            RefusedRequest: if anything but the text of one page is asked for.
            DocumentError: if the page cannot be read.
        """
        page_no = _only_page(request)
        text_format = request.recipe.parameters["text_format"]
        reading = await self._workers.run(read_page, request.span.document, page_no, text_format, seconds=self._seconds)
        return ModelResponse(
            text=reading.text,
            stop_reason="stop",
            model=self._model,
            raw=_evidence(reading, text_format),
            facts=(reading.facts,),
        )

    async def aclose(self) -> None:
        """Do nothing: the workers are the run's."""


def _only_page(request: ModelRequest) -> int:
    if request.recipe.operation != "text":
        msg = (
            f"the local backend reads text; {request.recipe.operation} needs a vision-language model: "
            "set DASHSCOPE_API_KEY or --backend dashscope"
        )
        raise RefusedRequest(msg)
    if len(request.span.page_nos) != 1 or request.more_turns:
        msg = "the local backend reads one page at a time, and does not converse"
        raise RefusedRequest(msg)
    return request.span.page_nos[0]


def _evidence(reading: PageReading, text_format: str) -> dict[str, Any]:
    """Say what the text rests on, as JSON values."""
    return {
        "origin": reading.origin,
        "ocr_score": reading.ocr_score,
        "rotation": reading.rotation,
        "text_format": text_format,
        "lines": [
            {"text": line.text, "box": [round(side, 1) for side in line.box], "score": line.score}
            for line in reading.lines
        ],
    }
