"""What the stages may expect of each other: the contracts between parts that do not import one another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, Protocol, TypeVar

from schemas.blocks import Look
from schemas.config import RunConfig
from schemas.documents import PageFacts, RejectedDocument, RenderedPage
from schemas.models import ModelSpec
from schemas.records import CallRecord, Flag, PageOrigin, PageRecord, PageStatus, Record, RunRecord
from schemas.requests import ModelRequest, ModelResponse, Recipe

T = TypeVar("T")


class Workers(Protocol):
    """Processes that can be killed one by one: a hang or a native crash costs one job, never the run."""

    async def run(self, job: Callable[..., T], *args: object, seconds: float | None = None) -> T:
        """Run *job* (a module-level function, picklable arguments) in a worker process.

        Raises:
            RenderTimeout: if it took longer than *seconds*; its worker was killed.
            RenderCrash: if its worker died.
            DocumentError: whatever the job itself raised.
        """
        ...


class Backend(Protocol):
    """A recognizer. One module of `tasks.backends` each; found by its module's name."""

    name: str
    reads: Literal["pixels", "document"]
    """Whether pages are rendered for it, or it opens the document itself (then `pages` is empty)."""

    async def ask(self, request: ModelRequest, pages: Sequence[RenderedPage]) -> ModelResponse:
        """Ask once: no retries, no pacing, its own deadline. Every wire send is in the answer's or error's `sends`.

        Raises:
            CallError: classified; see `schemas.errors`.
            DocumentError: if a backend that reads the document could not.
            RunError: if no further call of this run can succeed.
        """
        ...

    async def aclose(self) -> None:
        """Give back connections."""
        ...


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a value of a result stands: its JSON pointer, and the image (from 1) of the span where it was seen.

    `quote` is what the model says that is printed there. `in_text_layer` is for judging to find out; None is that
    there is no layer to tell by.
    """

    path: str
    value: str | float
    image: int | None = None
    quote: str | None = None
    in_text_layer: bool | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What an operation made of an answer, before judging.

    `source_text` is what stands on the page, where `text` is its translation. `is_transcript` says that the answer
    claims to give what the page says, so that the page's own text layer and its ink may contradict it. `evidence`
    lists the values of `result`, so that the layer may confirm them; None is that the operation does not tell.
    """

    text: str | None
    text_format: str | None = None
    result: str | None = None
    language: str | None = None
    origin: PageOrigin | None = None
    ocr_score: float | None = None
    flags: tuple[Flag, ...] = ()
    source_text: str | None = None
    target_language: str | None = None
    is_transcript: bool = True
    evidence: tuple[Evidence, ...] | None = None
    look: Look = field(default_factory=Look)

    @property
    def transcript(self) -> str | None:
        """What the answer says that stands on the page; None where it does not say it."""
        if not self.is_transcript:
            return None
        return self.text if self.source_text is None else self.source_text

    @property
    def is_empty(self) -> bool:
        """Whether the answer says nothing: no text, and no result or one without a value."""
        if (self.text or "").strip():
            return False
        return not self.evidence if self.evidence is not None else not (self.result or "").strip()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the pages of a span: status, the reading where there is one, and the reason where not."""

    status: PageStatus
    reading: Reading
    error_kind: str | None = None
    error_message: str | None = None
    flags: tuple[Flag, ...] = ()

    def is_flagged(self, name: str) -> bool:
        """Say whether this signal was found."""
        return any(flag.name == name for flag in self.flags)


class Operation(Protocol):
    """Something that can be asked of pages. One module of `tasks.operations` each; found by its module's name."""

    name: str

    def recipe(self, config: RunConfig, spec: ModelSpec, backend: str) -> Recipe:
        """Say what is asked.

        Raises:
            UsageFault: if this backend or model cannot do it; says what to set.
        """
        ...

    def read(self, response: ModelResponse, recipe: Recipe) -> Reading:
        """Turn an answer to *recipe* into text or data. Pure, so that kept answers can be read again.

        Raises:
            AnswerError: if the answer is not of the form that was asked for.
        """
        ...

    def joins(self, recipe: Recipe) -> bool:
        """Say whether the answers to *recipe* about two halves of a page can be joined as text."""
        ...

    def follow_up(
        self, request: ModelRequest, response: ModelResponse, verdict: Verdict, asked: int
    ) -> ModelRequest | None:
        """Say what to ask next where an answer does not do; None is: leave it at that.

        *asked* counts the questions asked of these pages so far; an operation bounds it. Pure, so that a replay
        goes the same way through kept answers.
        """
        ...


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as the ledger holds it, with what judging needs beside it.

    `image_sizes` are width and height in pixels of the images that were sent, page by page. `flags` say how a cut
    answer was completed; they are not kept, as it is completed anew from kept answers.
    """

    request_key: str
    response: ModelResponse
    facts: tuple[PageFacts, ...] = ()
    image_sizes: tuple[tuple[int, int], ...] = ()
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True, slots=True)
class Placement:
    """Where pages of a file went: the shard whose part holds their rows.

    `stale` says that the part is to be written anew (a retry or a replay was asked for), `carries` that the cost of
    these pages stands here and not with another file of the same bytes.
    """

    source: str
    doc_id: str
    page_nos: tuple[int, ...]
    shard_id: str
    stale: bool = False
    carries: bool = True


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """What an earlier look at a file found; valid while size, mtime and `version` (see `SourceFile`) are the same."""

    doc_id: str
    media_type: str
    page_count: int
    page_labels: tuple[str, ...]
    encrypted: bool
    notes: tuple[str, ...]
    version: str | None = None


class Answers(Protocol):
    """The part of the ledger that keeps answers and journals calls. Every method is durable when it returns."""

    async def kept(self, keys: Sequence[str]) -> Mapping[str, KeptAnswer]:
        """Look up kept answers by request key; absent keys are absent."""
        ...

    async def open_call(self, call: CallRecord) -> None:
        """Journal a send before it leaves, so that a kill leaves its trace (outcome `open`)."""
        ...

    async def close_calls(self, calls: Sequence[CallRecord], answer: KeptAnswer | None = None) -> None:
        """Write what came of sends, and keep the answer, in one transaction. Inserts sends never opened."""
        ...

    async def calls_of(self, base_keys: Sequence[str]) -> Sequence[CallRecord]:
        """List all sends of these requests, every generation, oldest first. `cost` is not filled in."""
        ...


@dataclass(frozen=True, slots=True)
class PartSize:
    """How much a part holds, as it lies."""

    rows: int
    size_bytes: int


class Sink(Protocol):
    """Where rows go. A part is complete under its name or not there."""

    def write(self, table: str, part: str, records: Sequence[Record]) -> None:
        """Write or replace one part, atomically.

        Raises:
            OutputFault: if it cannot be written (space, rights).
        """
        ...

    def read(self, table: str, part: str) -> Sequence[Record]:
        """Read a part back; an absent part has no rows."""
        ...

    def parts(self, table: str) -> Sequence[str]:
        """Name the parts that are there, sorted."""
        ...

    def sizes(self, table: str) -> Mapping[str, PartSize]:
        """Measure every part of a table, by name, sorted."""
        ...


class Clock(Protocol):
    """Time as the limiter and the patience see it; tests bring their own."""

    def monotonic(self) -> float:
        """Seconds, never backwards."""
        ...

    def now(self) -> datetime:
        """Wall time, UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class Reporter(Protocol):
    """Who is told how it goes: a progress bar, plain lines, a Prefect artifact, or nobody."""

    def started(self, run_id: str, recipe: Recipe, config: RunConfig) -> None:
        """Tell that the run begins."""
        ...

    def found(self, *, files: int, pages: int, kept: int) -> None:
        """Tell how much there is so far; *kept* pages were read before. Called again as discovery goes on."""
        ...

    def rejected(self, document: RejectedDocument) -> None:
        """Tell of a file that cannot be read."""
        ...

    def page(self, record: PageRecord) -> None:
        """Tell of a page that has its row; its calls are told of one by one, with what they cost."""
        ...

    def call(self, call: CallRecord) -> None:
        """Tell of a wire send that is over."""
        ...

    def note(self, message: str) -> None:
        """Say something that a human should read."""
        ...

    def finished(self, run: RunRecord) -> None:
        """Tell that the run is over."""
        ...
