"""The local backend: answers without a service, and refuses what it cannot do."""

from __future__ import annotations

import asyncio
import json
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from schemas.documents import Span
from schemas.errors import CorruptDocument, RefusedRequest
from schemas.models import ModelSpec
from schemas.requests import ModelRequest, Recipe, Turn
from schemas.usage import Usage
from tasks.backends import BackendSettings, create
from tasks.workers import WorkerPool
from tests.reading_documents import ENGLISH, document, photographed, scanned, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from schemas.documents import Document
    from tasks.ports import Backend

pytestmark = pytest.mark.xdist_group("ocr")  # the models are loaded once, in one of the processes


class Threads:
    """`Workers` in this process: enough where nothing crashes. Remembers the time limits that it was given."""

    def __init__(self) -> None:
        self.seconds: list[float | None] = []

    async def run(self, job: Callable[..., object], *args: object, seconds: float | None = None) -> object:
        self.seconds.append(seconds)
        return await asyncio.to_thread(job, *args)


@pytest.fixture
def workers() -> Threads:
    return Threads()


@pytest.fixture
def backend(workers: Threads) -> Backend:
    spec = ModelSpec(name="pp-ocrv6-small", backends=("local",), family="local")
    return create("local", BackendSettings(spec=spec, workers=workers, render_timeout=60))


def asked(doc: Document, *pages: int, operation: str = "text", turns: tuple[Turn, ...] = ()) -> ModelRequest:
    recipe = Recipe(operation, 1, "local", "pp-ocrv6-small", parameters={"text_format": "plain"})
    return ModelRequest(recipe, Span(doc, pages or (1,)), more_turns=turns)


async def test_an_answer_says_what_it_rests_on_and_costs_nothing(tmp_path: Path, backend: Backend) -> None:
    answer = await backend.ask(asked(document(written(tmp_path / "a.pdf", [ENGLISH]))), ())
    assert (answer.text, answer.stop_reason, answer.usage, answer.sends) == (ENGLISH, "stop", Usage(), ())
    assert answer.model == f"local/pymupdf-{version('pymupdf')}+pp-ocrv6-small"
    assert answer.raw == {
        "origin": "text_layer",
        "ocr_score": None,
        "rotation": 0,
        "text_format": "plain",
        "lines": [],
    }
    assert answer.facts[0].layer_text == ENGLISH


async def test_recognized_lines_are_kept_as_json(tmp_path: Path, backend: Backend) -> None:
    picture = photographed(written(tmp_path / "a.pdf", [ENGLISH]))
    answer = await backend.ask(asked(document(scanned(tmp_path / "b.pdf", picture))), ())
    raw = json.loads(json.dumps(answer.raw))
    assert raw["origin"] == "ocr"
    assert raw["ocr_score"] > 0.95
    assert [line["text"] for line in raw["lines"]] == [ENGLISH]
    assert len(raw["lines"][0]["box"]) == 4


async def test_a_page_has_the_time_that_rendering_has(tmp_path: Path, backend: Backend, workers: Threads) -> None:
    await backend.ask(asked(document(written(tmp_path / "a.pdf", []))), ())
    assert workers.seconds == [60]


async def test_a_scan_is_read_in_a_worker_process_within_its_memory(tmp_path: Path) -> None:
    path = scanned(tmp_path / "b.pdf", photographed(written(tmp_path / "a.pdf", [ENGLISH])))
    spec = ModelSpec(name="pp-ocrv6-small", backends=("local",), family="local")
    with WorkerPool(1, memory_mb=2_560) as workers:
        answer = await create("local", BackendSettings(spec=spec, workers=workers)).ask(asked(document(path)), ())
    assert answer.text == ENGLISH


@pytest.mark.parametrize("operation", ["translation", "structured"])
async def test_what_needs_a_model_is_refused_with_the_way_out(tmp_path: Path, backend: Backend, operation: str) -> None:
    with pytest.raises(RefusedRequest, match=f"{operation} needs a vision-language model: set DASHSCOPE_API_KEY"):
        await backend.ask(asked(document(written(tmp_path / "a.pdf", [])), operation=operation), ())


async def test_several_pages_and_conversations_are_refused(tmp_path: Path, backend: Backend) -> None:
    doc = document(written(tmp_path / "a.pdf", []))
    with pytest.raises(RefusedRequest, match="one page at a time"):
        await backend.ask(asked(doc, 1, 2), ())
    with pytest.raises(RefusedRequest, match="does not converse"):
        await backend.ask(asked(doc, 1, turns=(Turn("user", "again"),)), ())


async def test_a_broken_document_is_the_document_s_fault(tmp_path: Path, backend: Backend) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(b"no PDF at all")
    with pytest.raises(CorruptDocument):
        await backend.ask(asked(document(path)), ())
    await backend.aclose()
