"""What is known of a model and its price: facts with a date, read from `data/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Literal, get_args

from schemas.requests import RenderSpec
from schemas.usage import Usage

PER_MILLION = 1_000_000
OcrTask = Literal[
    "text_recognition",
    "advanced_recognition",
    "document_parsing",
    "table_parsing",
    "formula_recognition",
    "multi_lan",
    "key_information_extraction",
]
OCR_TASKS: tuple[OcrTask, ...] = get_args(OcrTask)
"""The built-in tasks of the OCR line (vendor's API reference, 2026)."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the service allows: requests and tokens a minute, calls in flight. None is unknown, hence unlimited."""

    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    in_flight: int = 64


@dataclass(frozen=True, slots=True)
class PriceTier:
    """The price of requests of up to `up_to_input_tokens` input tokens; money per million tokens.

    None is a price that is not known, and is never read as 0.
    """

    up_to_input_tokens: int | None
    input: float | None
    output: float | None
    cached_input: float | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """A model's price with where and when it was read."""

    currency: str
    tiers: tuple[PriceTier, ...]
    as_of: date
    source: str
    batch_factor: float | None = None

    def tier(self, input_tokens: int) -> PriceTier | None:
        """Pick the tier of a request by its input length; None where the table does not reach that far."""
        for tier in self.tiers:
            if tier.up_to_input_tokens is None or input_tokens <= tier.up_to_input_tokens:
                return tier
        return None

    def cost(self, usage: Usage) -> float | None:
        """Price one call's usage; None if any price that it needs is not known.

        Tiers go by the input length of one request, so a sum over calls is the sum of costs, never the cost of a sum.
        """
        tier = self.tier(usage.input_tokens)
        if tier is None:
            return None
        cached = min(usage.cached_tokens, usage.input_tokens)
        cached_price = tier.input if tier.cached_input is None else tier.cached_input
        parts = (
            (usage.input_tokens - cached, tier.input),
            (cached, cached_price),
            (usage.output_tokens, tier.output),
        )
        if any(tokens and price is None for tokens, price in parts):
            return None
        return sum(tokens * (price or 0.0) for tokens, price in parts) / PER_MILLION


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One model as data: what it takes, what it gives, how fast it may be asked.

    `thinking` says what happens when nothing is said: "none" (cannot), "off", "on", "always"; `max_thinking_tokens`
    bounds it. `max_frames` is None where it sees no films. `partial_mode`: a cut answer can be gone on with, as
    long as the model does not think. `ocr_tasks` are the built-in tasks that it knows. `boxes` is in what it gives
    boxes: thousandths of the picture, pixels of the picture as it sees it, or of the picture as it was sent.
    """

    name: str
    backends: tuple[str, ...]
    family: str
    render: RenderSpec = field(default_factory=RenderSpec)
    max_pixels_ceiling: int | None = None
    max_input_tokens: int | None = None
    max_output_tokens: int | None = None
    max_images: int = 1
    max_frames: int | None = None
    stream_only: bool = False
    thinking: Literal["none", "off", "on", "always"] = "none"
    max_thinking_tokens: int | None = None
    json_mode: bool = False
    partial_mode: bool = False
    ocr_tasks: tuple[OcrTask, ...] = ()
    boxes: Literal["grid", "seen", "sent"] = "grid"
    limits: Limits = field(default_factory=Limits)
    price: Price | None = None
    retired_on: date | None = None
    successor: str | None = None
    fallback: str | None = None
    as_of: date | None = None
    source: str = ""

    @property
    def is_ocr(self) -> bool:
        """Whether it is of the OCR line: one image, one turn, a system text of its own; with tasks or without."""
        return self.family.startswith("ocr")
