"""Questions and answers, without a vendor's shapes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import Any, Literal

from schemas.documents import PageFacts, Span
from schemas.usage import Usage
from schemas.wire import WireSend

STREAM = "stream"
"""The parameter by which an answer is received as it is written."""

StopReason = Literal["stop", "length", "content_filter", "partial", "loop", "error"]
"""Why an answer ended: `partial` is the service's own cut (its time limit, or a stream without an end), `loop` ours:
what was being written repeated itself without end."""


@dataclass(frozen=True, slots=True)
class RenderSpec:
    """The pixel policy of a model: how large a page is rendered so that the model sees every pixel sent.

    `patch` is the side of the model's grid in pixels; `min_pixels` and `max_pixels` bound width * height after
    the resize; `max_bytes` bounds the encoded image. `colour` "auto" means grey where the page has no colour. `turn` is
    by how many degrees clockwise the page is turned, a multiple of 90: for one that turned out to lie on its side.
    """

    patch: int = 32
    min_pixels: int = 4_096
    max_pixels: int = 2_621_440
    jpeg_quality: int = 85
    max_bytes: int = 7_000_000
    colour: Literal["auto", "grey", "rgb"] = "auto"
    turn: int = 0


@dataclass(frozen=True, slots=True)
class FrameSpec(RenderSpec):
    """How frames are taken of a film: `fps` a second, at least and at most so many. `max_bytes` bounds all together.

    Of a folder of frames, `fps` says how many a second they were taken.
    """

    fps: float = 2.0
    min_frames: int = 4
    max_frames: int = 250


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of a conversation. `images` says that the span's page images stand in it.

    Whether before or behind the text is the backend's choice: it knows what its models read and cache best.
    """

    role: Literal["system", "user", "assistant"]
    text: str
    images: bool = False


@dataclass(frozen=True)
class Recipe:
    """All that determines an answer besides the pages: two equal recipes ask the same thing.

    `parameters` go to the backend as they are (temperature, max_tokens, ocr_options, ...); `options` stay with the
    operation, which reads the answer by them. Both hold JSON values. Time-outs, prices, limits, paths and
    concurrency cannot change an answer and are not here; nor can `stream`, which stands among the parameters and is no
    part of the identity. `span_pages` is how many pages one request shows at most.
    `repair` says that an answer which fails its checks is to be put right; it cannot change the first answer, and so
    is no part of what two recipes are compared by. `variant` names what is asked where an operation can be asked for
    several things (a schema, a language, a question), for readers of the tables; it follows from the rest.
    """

    operation: str
    operation_version: int
    backend: str
    model: str
    turns: tuple[Turn, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    render: RenderSpec | None = None
    span_pages: int = 1
    repair: bool = field(default=False, compare=False)
    variant: str | None = field(default=None, compare=False)

    @cached_property
    def recipe_id(self) -> str:
        """SHA-256 of the canonical JSON of all fields that are compared, but for how the answer travels."""
        compared = {it.name for it in fields(self) if it.compare}
        identity = {name: value for name, value in asdict(self).items() if name in compared}
        if self.render is not None and not self.render.turn:
            del identity["render"][
                "turn"
            ]  # what is asked of a page as it lies is called as it was before there were turns
        identity["parameters"] = {name: value for name, value in self.parameters.items() if name != STREAM}
        return hashlib.sha256(canonical_json(identity)).hexdigest()


def canonical_json(value: Any) -> bytes:
    """Give equal values equal bytes: sorted keys, no spaces, UTF-8.

    Raises:
        ValueError: if a float is not finite.
        TypeError: if the value is no JSON value.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def request_key(
    recipe_id: str, doc_id: str, page_nos: tuple[int, ...], *, generation: int = 0, follow_up: str = ""
) -> str:
    """Name a request by its content: SHA-256 over recipe, bytes of the document, pages and generation.

    A *generation* above 0 asks anew on purpose (`pagemill retry`); *follow_up* is the hash of the further turns
    of a repair, and of the strip of the page that is shown.
    """
    pages = ",".join(map(str, page_nos))
    return hashlib.sha256(f"{recipe_id}:{doc_id}:{pages}:{generation}:{follow_up}".encode()).hexdigest()


@dataclass(frozen=True)
class ModelRequest:
    """One question about one span. Pages travel by reference; pixels are handed over beside it.

    `stands_for` is the base key of the request that this one takes the place of: the same pages asked of another
    model, or with other sampling, because the first question led nowhere.
    """

    recipe: Recipe
    span: Span
    generation: int = 0
    more_turns: tuple[Turn, ...] = ()
    stands_for: str | None = None

    @cached_property
    def base_key(self) -> str:
        """The name of the planned question: what its row and its cost go by, however and how often it is asked."""
        own = request_key(self.recipe.recipe_id, self.span.document.doc_id, self.span.page_nos)
        return self.stands_for or own

    @cached_property
    def key(self) -> str:
        """The key under which the answer is kept."""
        further: list[Any] = [asdict(turn) for turn in self.more_turns]
        further += [list(self.span.strip)] if self.span.strip else []
        follow_up = hashlib.sha256(canonical_json(further)).hexdigest() if further else ""
        return request_key(
            self.recipe.recipe_id,
            self.span.document.doc_id,
            self.span.page_nos,
            generation=self.generation,
            follow_up=follow_up,
        )

    def instead(self, recipe: Recipe) -> ModelRequest:
        """Ask *recipe* of the same pages in place of this question."""
        return replace(self, recipe=recipe, more_turns=(), stands_for=self.base_key)

    def continued(self, *turns: Turn) -> ModelRequest:
        """Go on with the conversation."""
        return replace(self, more_turns=self.more_turns + turns)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The whole conversation so far."""
        return self.recipe.turns + self.more_turns


@dataclass(frozen=True)
class ModelResponse:
    """One answer. `raw` is what the service sent, JSON values only, kept so that it can be judged again.

    `model` is the model that the service says answered. `sends` are the wire sends of the call that brought it.
    `facts` is what a backend that reads the document itself learned of the pages; empty where pages were rendered
    for it.
    """

    text: str
    stop_reason: StopReason
    usage: Usage = field(default_factory=Usage)
    reasoning: str = ""
    model: str | None = None
    request_id: str | None = None
    status: int | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)
    sends: tuple[WireSend, ...] = ()
    facts: tuple[PageFacts, ...] = ()
