"""Rows of pages, out of what was asked, what was answered and what was made of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.blocks import Block, Look
from schemas.documents import PageFacts
from schemas.errors import BlockedContent, PipelineError
from schemas.records import PageRecord, PageStatus
from schemas.requests import ModelRequest, Recipe
from tasks.blocks import on_page
from tasks.extraction.whole import evidence_column
from tasks.ports import KeptAnswer, Reading, Verdict


@dataclass(frozen=True, slots=True)
class Author:
    """Who makes rows: a run, with the recipe that it was ordered with, whichever recipe brought an answer."""

    run_id: str
    recipe: Recipe
    now: Callable[[], datetime]


def failed(error: PipelineError) -> Verdict:
    """Give the verdict on pages that were not read at all."""
    status: PageStatus = "blocked" if isinstance(error, BlockedContent) else "failed"
    return Verdict(status, Reading(text=None), error.kind, str(error))


def page_rows(
    request: ModelRequest, author: Author, verdict: Verdict, answer: KeptAnswer | None
) -> tuple[PageRecord, ...]:
    """Make one row a page; the reading stands in the first. Calls and tokens are filled in when the shard commits."""
    return tuple(
        _row(request, author, verdict if index == 0 else _rest(verdict), answer, index)
        for index in range(len(request.span.page_nos))
    )


def _blocks(
    request: ModelRequest, look: Look, facts: PageFacts, sent: Sequence[tuple[int, int]]
) -> tuple[Block, ...] | None:
    """Put the blocks of an answer in their places on the page."""
    if look.blocks is None:
        return None
    return on_page(look.blocks, look.unit, next(iter(sent), None), facts, request.recipe.render)


def _rest(verdict: Verdict) -> Verdict:
    return Verdict(verdict.status, Reading(text=None), verdict.error_kind, verdict.error_message)


def _row(request: ModelRequest, author: Author, verdict: Verdict, answer: KeptAnswer | None, index: int) -> PageRecord:
    document, page_no, reading = request.span.document, request.span.page_nos[index], verdict.reading
    response = answer.response if answer else None
    all_facts = (answer.facts or answer.response.facts) if answer else ()
    facts = all_facts[index] if index < len(all_facts) else PageFacts()
    image = answer.image_sizes[index] if answer and index < len(answer.image_sizes) else (None, None)
    return PageRecord(
        run_id=author.run_id,
        doc_id=document.doc_id,
        source=document.file.source,
        name=document.file.name,
        page_no=page_no,
        page_label=document.page_label(page_no),
        status=verdict.status,
        error_kind=verdict.error_kind,
        error_message=verdict.error_message,
        flags=verdict.flags,
        operation=request.recipe.operation,
        text=reading.text,
        text_format=reading.text_format,
        result=reading.result,
        reasoning=(response.reasoning or None) if response else None,
        language=reading.language,
        origin=reading.origin,
        backend=request.recipe.backend,
        model=request.recipe.model,
        response_model=response.model if response else None,
        stop_reason=response.stop_reason if response else None,
        request_key=request.key,
        request_id=response.request_id if response else None,
        generation=request.generation,
        width=facts.width or None,
        height=facts.height or None,
        image_width=image[0],
        image_height=image[1],
        ink=facts.ink,
        ocr_score=reading.ocr_score,
        notes=facts.notes,
        finished_at=author.now(),
        evidence=None if reading.evidence is None else evidence_column(reading.evidence, request.span.page_nos),
        source_text=reading.source_text,
        target_language=reading.target_language,
        blocks=_blocks(request, reading.look, facts, answer.image_sizes[index : index + 1] if answer else ()),
        rotation=reading.look.rotation,
        has_tables=reading.look.has_tables,
        has_handwriting=reading.look.has_handwriting,
        recipe_id=author.recipe.recipe_id,
        variant=author.recipe.variant,
    )
