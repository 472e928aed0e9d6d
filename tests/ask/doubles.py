"""The ports of asking, in memory: a backend that plays a script, answers remembered, a reporter that listens."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Literal

from schemas.documents import Document, PageFacts, PageImage, RenderedPage, SourceFile, Span
from schemas.requests import ModelRequest, ModelResponse, Recipe, RenderSpec, Turn
from schemas.usage import Usage
from schemas.wire import WireSend

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from schemas.records import CallRecord
    from tasks.ports import Clock, KeptAnswer

USAGE = Usage(input_tokens=1_600, output_tokens=400, image_tokens=1_500, text_tokens=100)
RAW_USAGE = {"input_tokens": 1_600, "output_tokens": 400, "a field that nobody knows": True}
THEN = datetime(2026, 1, 1, tzinfo=UTC)


def wire_send(status: int | None = 200) -> WireSend:
    return WireSend(started_at=THEN, ended_at=THEN, status=status)


def answer(*, sends: tuple[WireSend, ...] = (wire_send(),), usage: Usage = USAGE) -> ModelResponse:
    return ModelResponse(
        text="text",
        stop_reason="stop",
        usage=usage,
        request_id="r-1",
        status=200,
        raw={"usage": RAW_USAGE},
        sends=sends,
    )


def request(page_no: int = 1, *, more_turns: tuple[Turn, ...] = ()) -> ModelRequest:
    file = SourceFile("/in/a.pdf", "/in/a.pdf", "a.pdf", 1, THEN, 0)
    recipe = Recipe(
        operation="text",
        operation_version=1,
        backend="scripted",
        model="model",
        turns=(Turn("user", "Read the page.", images=True),),
        parameters={"max_tokens": 2_000},
        render=RenderSpec(),
    )
    return ModelRequest(recipe, Span(Document(file, "d" * 64, "application/pdf", 9), (page_no,)), more_turns=more_turns)


def rendered(page_no: int = 1) -> RenderedPage:
    return RenderedPage(page_no, PageFacts(width=595, height=842), PageImage(b"jpeg", "image/jpeg", 1_024, 1_440))


Line = ModelResponse | BaseException


@dataclass
class ScriptedBackend:
    """Plays its lines one by one, each after *seconds*, and again the last. `meanwhile` happens during each."""

    clock: Clock
    script: list[Line]
    seconds: float = 1.0
    name: str = "scripted"
    reads: Literal["pixels", "document"] = "pixels"
    asked_at: list[float] = field(default_factory=list)
    meanwhile: Callable[[], None] = lambda: None
    in_flight: int = 0
    most_in_flight: int = 0

    async def ask(self, request: ModelRequest, pages: Sequence[RenderedPage]) -> ModelResponse:
        line = self.script[min(len(self.asked_at), len(self.script) - 1)]
        self.asked_at.append(self.clock.monotonic())
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            self.meanwhile()
            await self.clock.sleep(self.seconds)
        finally:
            self.in_flight -= 1
        if isinstance(line, BaseException):
            raise line
        return line

    async def aclose(self) -> None: ...


@dataclass
class AnswersInMemory:
    """What the ledger does, for as long as the test lasts; each write takes *seconds*."""

    clock: Clock
    seconds: float = 0.01
    rows: dict[str, CallRecord] = field(default_factory=dict)
    answers: dict[str, KeptAnswer] = field(default_factory=dict)

    async def kept(self, keys: Sequence[str]) -> Mapping[str, KeptAnswer]:
        return {key: self.answers[key] for key in keys if key in self.answers}

    async def open_call(self, call: CallRecord) -> None:
        await self.clock.sleep(self.seconds)
        self.rows[call.call_id] = call

    async def close_calls(self, calls: Sequence[CallRecord], answer: KeptAnswer | None = None) -> None:
        await self.clock.sleep(self.seconds)
        self.rows.update((call.call_id, replace(call)) for call in calls)
        if answer is not None:
            self.answers[answer.request_key] = answer

    async def calls_of(self, base_keys: Sequence[str]) -> Sequence[CallRecord]:
        return [row for row in self.rows.values() if row.base_key in base_keys]

    @property
    def outcomes(self) -> list[str]:
        return [row.outcome for row in self.rows.values()]


@dataclass
class Listener:
    """Hears of calls."""

    calls: list[CallRecord] = field(default_factory=list)

    def call(self, call: CallRecord) -> None:
        self.calls.append(call)
