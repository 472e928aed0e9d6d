"""The first line of a run: who reads, why, and at what price."""

from __future__ import annotations

from collections.abc import Mapping

from flows.faults import KEY_VARIABLE
from flows.wording import money
from schemas.config import RunConfig
from schemas.models import ModelSpec, Price
from schemas.requests import Recipe


def describe(recipe: Recipe, config: RunConfig, models: Mapping[str, ModelSpec]) -> str:
    """Say which backend reads and, where that was left open, why it does."""
    left_open = config.backend == "auto"
    if recipe.backend == "local":
        why = f", no {KEY_VARIABLE} is set" if left_open else ""
        return f"backend: local (text layer + PP-OCRv6){why}"
    why = " (a key is set)" if left_open else ""
    spec = models.get(recipe.model)
    return f"backend: {recipe.backend}{why}, model {recipe.model}, {price_line(spec.price if spec else None)}"


def price_line(price: Price | None) -> str:
    """Write a price as `¥1.00/M in, ¥10.00/M out, price of 2026-10-01`; the first tier where there are several."""
    if price is None or price.tiers[0].input is None:
        return "price unknown"
    tier = price.tiers[0]
    more = "from " if len(price.tiers) > 1 else ""
    given = f"{more}{money(tier.input, 0.0, price.currency)}/M in"
    taken = f"{money(tier.output, 0.0, price.currency)}/M out" if tier.output is not None else "output price unknown"
    return f"{given}, {taken}, price of {price.as_of}"
