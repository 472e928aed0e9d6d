"""Asks with pace, budget, journal and patience; the answer is durable when it is given."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.billing import may_have_been_billed
from schemas.documents import RenderedPage
from schemas.errors import CallError, RunError, ThrottledCall
from schemas.models import Price
from schemas.records import CallRecord
from schemas.requests import ModelRequest, ModelResponse
from schemas.tokens import input_tokens
from tasks.ask.journal import answered, failed, opened
from tasks.ask.patience import Patience, Trial
from tasks.ask.stopping import finished, unless_stopped
from tasks.permits import Budgets, Paces, Permit, Reservation
from tasks.ports import Answers, Backend, Clock, KeptAnswer, Reporter

MAX_OUTPUT = 8_192
"""Output tokens that a model gives at most, where neither the request nor the model table says it."""


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Asks one backend. Which model is asked stands in the request; `price` is that model's."""

    backend: Backend
    limiter: Paces
    budget: Budgets
    answers: Answers
    clock: Clock
    reporter: Reporter
    run_id: str
    stop: asyncio.Event
    patience: Patience = field(default_factory=Patience)
    max_output_tokens: int = MAX_OUTPUT
    max_thinking_tokens: int = 0
    price: Price | None = None

    async def ask(self, request: ModelRequest, pages: Sequence[RenderedPage]) -> KeptAnswer:
        """Ask until there is an answer, and keep it.

        Raises:
            CallError: if there is none, and asking again would not help or was tried often enough.
            DocumentError: from a backend that reads the document itself, if it could not.
            RunError: if the run has to stop, or was stopped before this was sent.
        """
        trial = Trial(self.patience, self.clock)
        attempt = self._read_document if self.backend.reads == "document" else self._call
        return await self.patience.retrying(trial, self._back_off)(attempt, request, pages, trial)

    async def _call(self, request: ModelRequest, pages: Sequence[RenderedPage], trial: Trial) -> KeptAnswer:
        """Reserve, take a permit, journal, send, keep."""
        tokens = input_tokens(request, pages)
        reservation = await self._reserve(request, tokens, first=trial.is_first)
        try:
            permit = await self._permit(request, tokens)
        except BaseException:
            reservation.unused()
            raise
        try:
            row = opened(request, run_id=self.run_id, attempt=trial.attempt, now=self.clock.now())
            await self.answers.open_call(row)
        except BaseException:
            reservation.unused()
            permit.unused()
            raise
        return await self._send(request, pages, row, _Hold(permit, reservation))

    async def _send(
        self, request: ModelRequest, pages: Sequence[RenderedPage], row: CallRecord, hold: _Hold
    ) -> KeptAnswer:
        try:
            response = await self.backend.ask(request, pages)
        except (CallError, RunError) as error:
            if isinstance(error, RunError):
                self.stop.set()  # before its permit is free: nobody else is to meet the same refusal
            rows = failed(row, error, self.clock.now())
            hold.failed(rows, error)
            await self._close(rows)
            raise
        except BaseException:
            hold.lost()
            raise
        rows = answered(row, response, self.clock.now())
        hold.answered(rows, response)
        answer = _kept(request, response, pages)
        await self._close(rows, answer)
        return answer

    async def _read_document(self, request: ModelRequest, pages: Sequence[RenderedPage], trial: Trial) -> KeptAnswer:
        """Let a backend on this machine read: nothing is sent or billed, but its pages count and answers are kept."""
        del trial
        counted = self.budget.reserve(input_tokens=0, max_output_tokens=0, pages=_pages_counted(request))
        reservation = await unless_stopped(self.stop, counted, undo=lambda reservation: reservation.unused())
        try:
            permit = await self._permit(request, 0)
        except BaseException:
            reservation.unused()
            raise
        try:
            response = await self.backend.ask(request, pages)
        except BaseException:
            reservation.free()
            raise
        finally:
            permit.settle(None)
        reservation.settle(None)
        answer = _kept(request, response, pages)
        await self._close([], answer)
        return answer

    async def _reserve(self, request: ModelRequest, tokens: int, *, first: bool) -> Reservation:
        """Reserve what one send may take. A page counts once, however often and in how many turns it is asked."""
        limit = request.recipe.parameters.get("max_tokens") or self.max_output_tokens
        reserving = self.budget.reserve(
            input_tokens=tokens,
            max_output_tokens=limit + self.max_thinking_tokens,
            pages=len(request.span.page_nos) if first and not request.more_turns and not request.span.strip else 0,
            kind=request.recipe.operation,
            price=self.price,
        )
        return await unless_stopped(self.stop, reserving, undo=lambda reservation: reservation.unused())

    async def _permit(self, request: ModelRequest, tokens: int) -> Permit:
        permitting = self.limiter.permit(tokens, kind=request.recipe.operation)
        return await unless_stopped(self.stop, permitting, undo=lambda permit: permit.unused())

    async def _back_off(self, seconds: float) -> None:
        await unless_stopped(self.stop, self.clock.sleep(seconds), undo=lambda _: None)

    async def _close(self, rows: Sequence[CallRecord], answer: KeptAnswer | None = None) -> None:
        await finished(self.answers.close_calls(rows, answer))
        for row in rows:
            self.reporter.call(row)


@dataclass(frozen=True, slots=True)
class _Hold:
    """What a call holds while it is in flight, and how it is given back."""

    permit: Permit
    reservation: Reservation

    def answered(self, rows: Sequence[CallRecord], response: ModelResponse) -> None:
        usage = response.usage if response.usage.total_tokens else None
        self.permit.settle(usage)
        self.reservation.settle(usage, unknown_sends=sum(map(may_have_been_billed, rows[:-1])))

    def failed(self, rows: Sequence[CallRecord], error: CallError | RunError) -> None:
        if isinstance(error, ThrottledCall):
            self.permit.throttled(error.retry_after, tokens=error.tokens)
        else:
            self.permit.failed()
        if unknown := sum(map(may_have_been_billed, rows)):
            self.reservation.settle(None, unknown_sends=unknown - 1)
        else:
            self.reservation.free()

    def lost(self) -> None:
        """Nobody will know what became of it: its row stays open, and it counts as the worst case."""
        self.permit.failed()
        self.reservation.settle(None)


def _pages_counted(request: ModelRequest) -> int:
    return 0 if request.more_turns else len(request.span.page_nos)


def _kept(request: ModelRequest, response: ModelResponse, pages: Sequence[RenderedPage]) -> KeptAnswer:
    return KeptAnswer(
        request_key=request.key,
        response=response,
        facts=response.facts or tuple(page.facts for page in pages),
        image_sizes=tuple((page.image.width, page.image.height) for page in pages),
    )
