"""The journey of a span of pages: the function that a newcomer reads first is `read_span`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Literal, Protocol

from schemas.blocks import Block, Look
from schemas.documents import PageFacts, RenderedPage
from schemas.errors import (
    BlockedContent,
    DocumentChanged,
    MissingDocument,
    PermanentCallError,
    PipelineError,
    RunError,
    UnreachableDocument,
    UnreadableDocument,
)
from schemas.records import PageRecord, PageStatus
from schemas.requests import FrameSpec, ModelRequest, Recipe
from tasks.blocks import on_page
from tasks.completion import Completing
from tasks.extraction.whole import evidence_column
from tasks.judge import judge
from tasks.ports import Answers, KeptAnswer, Operation, Reading, Verdict

ROOM_PER_PAGE = 1_000_000
"""Bytes set aside for a page before it is rendered; a page at 2 MP is 0.3 to 0.7 MB."""
OF_THE_PLACE = (MissingDocument, UnreadableDocument, UnreachableDocument, DocumentChanged)
"""What befalls one file and says nothing of another of the same bytes."""


class Asks(Protocol):
    """Asks with pace, patience and journal; the answer is durable when it returns."""

    async def ask(self, request: ModelRequest, pages: tuple[RenderedPage, ...]) -> KeptAnswer:
        """Ask, and keep the answer."""
        ...


class Room(Protocol):
    """Bounds what is rendered and not yet answered, in bytes."""

    def hold(self, size: int) -> AbstractAsyncContextManager[None]:
        """Wait for room, and hold it."""
        ...


@dataclass(frozen=True)
class Desk:
    """All that the journey of a page needs.

    `fallback` is what is asked of another model where this one refuses. `go_on` names the models that go on from their
    own words where these were cut. `asks_on` is whether an answer that does not
    do leads to a question that was never asked; a replay goes by kept answers alone.
    """

    run_id: str
    recipe: Recipe
    operation: Operation
    reads: Literal["pixels", "document"]
    asker: Asks
    render: Callable[[ModelRequest], Awaitable[tuple[RenderedPage, ...]]]
    answers: Answers
    room: Room
    now: Callable[[], datetime]
    stop: asyncio.Event
    fallback: Recipe | None = None
    go_on: frozenset[str] = frozenset()
    asks_on: bool = True
    on_rows: Callable[[tuple[PageRecord, ...]], None] = lambda _: None
    flights: dict[str, asyncio.Lock] = field(default_factory=dict)
    failures: dict[str, PipelineError] = field(default_factory=dict)

    @property
    def completing(self) -> Completing:
        """How cut answers are completed."""
        return Completing(self.operation, partial(_ask_further, desk=self), self.go_on)

    def keys(self, request: ModelRequest) -> tuple[str, ...]:
        """The names under which an answer to a request may have been kept."""
        return (request.key, request.instead(self.fallback).key) if self.fallback else (request.key,)


async def read_span(
    request: ModelRequest, desk: Desk, *, kept: Mapping[str, KeptAnswer], prior: Mapping[int, PageRecord]
) -> tuple[PageRecord, ...]:
    """Take one request from pages to rows: kept answer, else render and ask; then judge; then record.

    A page's fault becomes its row. *prior* are the rows that stand now, by page number, where a part is written
    anew: a page that got no answer then is left as it is, unless it is to be asked again on purpose.

    Raises:
        RunError: if the whole run has to stop, which then knows it at once; the span has no rows.
    """
    rows = () if kept.keys() & set(desk.keys(request)) else _untouched(request, prior)
    if not rows:
        rows = await _read(request, desk, kept)
    desk.on_rows(rows)
    return rows


def _untouched(request: ModelRequest, prior: Mapping[int, PageRecord]) -> tuple[PageRecord, ...]:
    rows = tuple(prior[page_no] for page_no in request.span.page_nos if page_no in prior)
    return rows if all(row.generation == request.generation for row in rows) else ()


async def _read(request: ModelRequest, desk: Desk, kept: Mapping[str, KeptAnswer]) -> tuple[PageRecord, ...]:
    try:
        request, answer = await _answer(request, desk, kept)
        answer = await desk.completing.completed(request, answer)
        verdict, asked = _judged(request, desk, answer), 1
        while better := await _follow_up(request, desk, answer, verdict, asked):
            with suppress(PipelineError):  # then the answer that there is stays, with its verdict
                answer = await desk.completing.completed(better, await ask_once(better, desk))
                request, verdict = better, _judged(better, desk, answer)
            asked += 1
    except PipelineError as error:
        return _rows(request, desk, failed(error), None)
    except RunError:
        desk.stop.set()
        raise
    return _rows(request, desk, verdict, answer)


async def _follow_up(
    request: ModelRequest, desk: Desk, answer: KeptAnswer, verdict: Verdict, asked: int
) -> ModelRequest | None:
    better = desk.operation.follow_up(request, answer.response, verdict, asked)
    return better if better is None or await _may_ask(better, desk) else None


async def _may_ask(request: ModelRequest, desk: Desk) -> bool:
    return desk.asks_on or bool(await desk.answers.kept([request.key]))


async def _ask_further(request: ModelRequest, desk: Desk) -> KeptAnswer | None:
    """Ask what follows from an answer; where that fails, the answer that there is stands."""
    if not await _may_ask(request, desk):
        return None
    try:
        return await ask_once(request, desk)
    except PipelineError:
        return None


def _judged(request: ModelRequest, desk: Desk, answer: KeptAnswer) -> Verdict:
    facts = answer.facts or answer.response.facts
    return judge(answer.response, facts, desk.operation, request.recipe, found=answer.flags)


async def _answer(request: ModelRequest, desk: Desk, kept: Mapping[str, KeptAnswer]) -> tuple[ModelRequest, KeptAnswer]:
    """Find or get the answer; what the model refuses for good is asked of the one that stands in for it, if any."""
    stand_in = request.instead(desk.fallback) if desk.fallback else None
    for known in (request, stand_in):
        if known is not None and known.key in kept:
            return known, kept[known.key]
    try:
        return request, await ask_once(request, desk)
    except PermanentCallError:
        if stand_in is None:
            raise
        return stand_in, await ask_once(stand_in, desk)


async def ask_once(request: ModelRequest, desk: Desk) -> KeptAnswer:
    """Ask what nobody of this run has asked: the same pages under another name wait for the first and share it."""
    lock = desk.flights.setdefault(request.key, asyncio.Lock())
    try:
        async with lock:
            if request.key in desk.failures:
                raise copy(desk.failures[request.key])
            found = await desk.answers.kept([request.key])
            return found.get(request.key) or await _render_and_ask(request, desk)
    except PipelineError as error:
        if not isinstance(error, OF_THE_PLACE):
            desk.failures[request.key] = copy(error)  # without its traceback, which holds the pictures of its pages
        raise
    finally:
        if not lock.locked():
            desk.flights.pop(request.key, None)


async def _render_and_ask(request: ModelRequest, desk: Desk) -> KeptAnswer:
    render = request.recipe.render
    most = render.max_bytes if isinstance(render, FrameSpec) else ROOM_PER_PAGE * len(request.span.page_nos)
    async with desk.room.hold(most):
        pages = await desk.render(request) if desk.reads == "pixels" else ()
        return await desk.asker.ask(request, pages)


def failed(error: PipelineError) -> Verdict:
    """Give the verdict on pages that were not read at all."""
    status: PageStatus = "blocked" if isinstance(error, BlockedContent) else "failed"
    return Verdict(status, Reading(text=None), error.kind, str(error))


def _rows(request: ModelRequest, desk: Desk, verdict: Verdict, answer: KeptAnswer | None) -> tuple[PageRecord, ...]:
    """One row a page; the reading stands in the first. Calls and tokens are filled in when the shard commits."""
    return tuple(
        _row(request, desk, verdict if index == 0 else _rest(verdict), answer, index)
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


def _row(request: ModelRequest, desk: Desk, verdict: Verdict, answer: KeptAnswer | None, index: int) -> PageRecord:
    document, page_no, reading = request.span.document, request.span.page_nos[index], verdict.reading
    response = answer.response if answer else None
    all_facts = (answer.facts or answer.response.facts) if answer else ()
    facts = all_facts[index] if index < len(all_facts) else PageFacts()
    image = answer.image_sizes[index] if answer and index < len(answer.image_sizes) else (None, None)
    return PageRecord(
        run_id=desk.run_id,
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
        finished_at=desk.now(),
        evidence=None if reading.evidence is None else evidence_column(reading.evidence, request.span.page_nos),
        source_text=reading.source_text,
        target_language=reading.target_language,
        blocks=_blocks(request, reading.look, facts, answer.image_sizes[index : index + 1] if answer else ()),
        rotation=reading.look.rotation,
        has_tables=reading.look.has_tables,
        has_handwriting=reading.look.has_handwriting,
        recipe_id=desk.recipe.recipe_id,
        variant=desk.recipe.variant,
    )
