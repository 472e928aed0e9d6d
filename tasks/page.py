"""The journey of a span of pages: the function that a newcomer reads first is `read_span`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, suppress
from copy import copy
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Literal, Protocol

from schemas.documents import RenderedPage
from schemas.errors import (
    DocumentChanged,
    DocumentError,
    MissingDocument,
    PermanentCallError,
    PipelineError,
    RunError,
    UndrawnPages,
    UnreachableDocument,
    UnreadableDocument,
)
from schemas.records import PageRecord
from schemas.requests import FrameSpec, ModelRequest, Recipe
from tasks.apart import part, part_key, parts_of, stretches
from tasks.completion import Completing
from tasks.judge import judge
from tasks.ports import Answers, KeptAnswer, Operation, Verdict
from tasks.rows import Author, failed, page_rows

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


async def _never_anew(_: Sequence[str]) -> Mapping[str, int]:
    return {}


@dataclass(frozen=True)
class Desk:
    """All that the journey of a page needs.

    `fallback` is what is asked of another model where this one refuses. `go_on` names the models that go on from their
    own words where these were cut. `asks_on` is whether an answer that does not
    do leads to a question that was never asked; a replay goes by kept answers alone. `generations` says how often
    questions, by their base keys, were asked anew on purpose.
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
    generations: Callable[[Sequence[str]], Awaitable[Mapping[str, int]]] = _never_anew
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
    rows = () if kept.keys() & set(desk.keys(request)) else await _standing(request, desk, prior)
    if not rows:
        rows = await _read(request, desk, kept)
    desk.on_rows(rows)
    return rows


async def _standing(request: ModelRequest, desk: Desk, prior: Mapping[int, PageRecord]) -> tuple[PageRecord, ...]:
    """Give the rows of a span that got no answer as a whole; those of its parts that did get one are judged anew."""
    rows = _untouched(request, prior)
    parts = parts_of(rows)
    if len(parts) > 1:
        rows = tuple([row for one in parts for row in await _judged_anew(request, desk, one)])
    return rows


async def _judged_anew(request: ModelRequest, desk: Desk, rows: tuple[PageRecord, ...]) -> tuple[PageRecord, ...]:
    asked = await _part(request, desk, tuple(row.page_no for row in rows))
    kept = await desk.answers.kept(desk.keys(asked))
    return _in_generation(request, await _read(asked, desk, kept)) if kept else rows


async def _part(request: ModelRequest, desk: Desk, page_nos: tuple[int, ...]) -> ModelRequest:
    key = part_key(request, page_nos)
    return part(request, page_nos, (await desk.generations([key])).get(key, 0))


async def _read_around(
    request: ModelRequest, desk: Desk, faults: Mapping[int, DocumentError]
) -> tuple[PageRecord, ...]:
    """Give the pages that cannot be drawn their own faults, and ask about each stretch of the others.

    Drawn again, another page may fail: then that stretch is taken apart in turn.
    """
    rows: list[PageRecord] = []
    for page_no, fault in faults.items():
        rows += _rows(await _part(request, desk, (page_no,)), desk, failed(fault), None)
    for stretch in stretches(page_no for page_no in request.span.page_nos if page_no not in faults):
        asked = await _part(request, desk, stretch)
        rows += await _read(asked, desk, await desk.answers.kept(desk.keys(asked)))
    return _in_generation(request, sorted(rows, key=lambda row: row.page_no))


def _in_generation(request: ModelRequest, rows: Iterable[PageRecord]) -> tuple[PageRecord, ...]:
    """Say of rows that came of parts how often the whole was asked: by that they are known as untouched later."""
    return tuple(replace(row, generation=request.generation) for row in rows)


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
    except UndrawnPages as error:
        return await _read_around(request, desk, error.faults)
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


def _rows(request: ModelRequest, desk: Desk, verdict: Verdict, answer: KeptAnswer | None) -> tuple[PageRecord, ...]:
    return page_rows(request, Author(desk.run_id, desk.recipe, desk.now), verdict, answer)
