"""What a run is asked to do, with every name looked up."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from schemas.addresses import scheme_of
from schemas.config import RunConfig
from schemas.models import Limits, ModelSpec
from schemas.requests import FrameSpec, Recipe
from tasks import backends, operations
from tasks.catalogue import find_model, load_models
from tasks.portion import Portion
from tasks.ports import Operation
from tasks.remote import check_installed
from tasks.thinking import max_thinking_tokens, with_thinking

MAX_OUTPUT = 8_192
"""Output tokens of an answer, where neither the recipe nor the model table says it."""


@dataclass(frozen=True)
class Order:
    """What a run is asked to do: all that its settings say, or a portion of it.

    `asks_on` is whether answers may lead to further questions that were never asked.
    """

    config: RunConfig
    spec: ModelSpec
    operation: Operation
    recipe: Recipe
    models: Mapping[str, ModelSpec]
    asks_on: bool = True
    portion: Portion | None = None

    @cached_property
    def fallback(self) -> Order | None:
        """The same asked of the model that stands in where this one refuses for good, if the table names one."""
        if self.spec.fallback is None:
            return None
        other: dict[str, str | int | bool | None] = {"model": self.spec.fallback, "backend": self.recipe.backend}
        stand_in = find_model(self.spec.fallback, self.recipe.backend)
        if self.config.ocr_task not in stand_in.ocr_tasks:
            other["ocr_task"] = None
        if not stand_in.is_ocr:
            other["enable_rotate"] = False
        other |= _thinking_of(stand_in, self.config)
        return replace(resolve(self.config.model_copy(update=other)), config=self.config)

    @cached_property
    def render_workers(self) -> int:
        """Render processes: one a core."""
        return self.config.render_workers or os.cpu_count() or 1

    @property
    def limits(self) -> Limits:
        """How fast may be asked: the options over the model table. What reads locally is bound by its processes."""
        config, known = self.config, self.spec.limits
        known_in_flight = self.render_workers if self.recipe.backend == backends.LOCAL else known.in_flight
        return Limits(
            requests_per_minute=config.requests_per_minute or known.requests_per_minute,
            tokens_per_minute=config.tokens_per_minute or known.tokens_per_minute,
            in_flight=config.in_flight or known_in_flight,
        )

    @property
    def own_folders(self) -> list[Path]:
        """What we write ourselves and never read as input; what is no folder of this machine is left out elsewhere."""
        return [Path(self.config.out).absolute()] if scheme_of(self.config.out) is None else []

    @property
    def max_output_tokens(self) -> int:
        """The longest answer that is asked for, the reasoning before it not counted."""
        asked = self.recipe.parameters.get("max_tokens")
        return int(asked or self.spec.max_output_tokens or MAX_OUTPUT)

    @property
    def max_thinking_tokens(self) -> int:
        """The longest reasoning before an answer."""
        return max_thinking_tokens(self.recipe, self.spec)

    @property
    def reads_films(self) -> bool:
        """Whether films are read, and not pages."""
        return isinstance(self.recipe.render, FrameSpec)

    @property
    def goes_on(self) -> bool:
        """Whether the model goes on from its own words; one that reasons begins anew."""
        return self.spec.partial_mode and not self.max_thinking_tokens

    @property
    def currency(self) -> str | None:
        """The currency of the model's price."""
        return self.spec.price.currency if self.spec.price else None

    @property
    def price_date(self) -> str | None:
        """The date of the model's price."""
        return self.spec.price.as_of.isoformat() if self.spec.price else None

    @property
    def account(self) -> str:
        """What the service counts its quota by: the model, of the key's account; by which protocol is all one to it."""
        served_by = backends.service(self.recipe.backend, self.config.base_url, self.config.region)
        return f"{served_by}/{self.recipe.model}"


def resolve(config: RunConfig) -> Order:
    """Look up every name that the settings use.

    Raises:
        UsageFault: if a backend, model or operation does not exist, or they do not go together, or what reads a
            source is not installed.
        ModelUnavailable: if the model was retired.
    """
    check_installed(config.sources)
    check_installed([config.out], "written to")
    backend = backends.choose(config.backend)
    spec = find_model(config.model, backend)
    operation = operations.get(config.operation)
    recipe = with_thinking(operation.recipe(config, spec, backend), config, spec)
    return Order(config, spec, operation, recipe, load_models())


def _thinking_of(stand_in: ModelSpec, config: RunConfig) -> dict[str, int | bool | None]:
    """Say how a model is to reason that did not choose the settings: as far as it can."""
    thinking = config.thinking if stand_in.thinking in {"off", "on"} else None
    budget = config.thinking_budget if thinking or stand_in.thinking == "always" else None
    if budget is not None and stand_in.max_thinking_tokens is not None:
        budget = min(budget, stand_in.max_thinking_tokens)
    return {"thinking": thinking, "thinking_budget": budget}
