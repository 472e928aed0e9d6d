"""What a run would take, before it asks anything."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """Pages, tokens, money and time of a run that has not been made.

    `pages_kept` have an answer already and are free; `image_tokens` are exact; output is a range, and so is the
    cost, which is null where a price is not known. `minutes_at_limits` is how long the known rate limits make it
    take; `basis` says where the figures for the output come from.
    """

    files: int
    pages: int
    pages_kept: int
    rejected: int
    image_tokens: int
    input_tokens: int
    output_tokens_low: int
    output_tokens_likely: int
    output_tokens_high: int
    cost_low: float | None
    cost_likely: float | None
    cost_high: float | None
    currency: str | None
    price_date: str | None
    price_source: str | None
    minutes_at_limits: float | None
    basis: str
