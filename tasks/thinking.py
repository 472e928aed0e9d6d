"""Whether a model reasons before it answers, and how much: one rule for every operation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from schemas.config import RunConfig
from schemas.errors import UsageFault
from schemas.models import ModelSpec
from schemas.requests import STREAM, Recipe
from tasks.prompting import OCR_SAMPLING
from tasks.transport.questions import thinks

MOST_THINKING = 81_920
"""Tokens of reasoning where the model table says no bound: what the vendor allows the larger part of its models."""
ENABLE, BUDGET, FORMAT = "enable_thinking", "thinking_budget", "response_format"


def with_thinking(recipe: Recipe, config: RunConfig, spec: ModelSpec) -> Recipe:
    """Say in the recipe how its answer is thought of, and whether it is received as it is written.

    A model that reasons is asked without JSON mode, which the service refuses beside reasoning, and with the service's
    own sampling: the lowest temperature, which serves reading, makes reasoning go round in circles.

    Raises:
        UsageFault: if the model cannot do what was asked.
    """
    reasons = thinks(config.thinking, spec)
    parameters = dict(recipe.parameters)
    if reasons:
        unfit = {FORMAT, ENABLE, *OCR_SAMPLING}
        parameters = {name: value for name, value in parameters.items() if name not in unfit}
    if config.thinking and spec.thinking != "always":
        parameters[ENABLE] = True
    return replace(recipe, parameters=parameters | _budget(config, spec, reasons=reasons) | _travel(config))


def _budget(config: RunConfig, spec: ModelSpec, *, reasons: bool) -> dict[str, Any]:
    budget = config.thinking_budget
    if budget is None:
        return {}
    if not reasons:
        advice = "set --thinking as well" if spec.thinking != "none" else "leave out --thinking-budget"
        raise UsageFault("--thinking-budget bounds reasoning, and there is none", advice=advice)
    if spec.max_thinking_tokens is not None and budget > spec.max_thinking_tokens:
        msg = f"{spec.name} reasons for at most {spec.max_thinking_tokens:,} tokens, not {budget:,}"
        raise UsageFault(msg, advice=f"set --thinking-budget to {spec.max_thinking_tokens} or less")
    return {BUDGET: budget}


def _travel(config: RunConfig) -> dict[str, Any]:
    return {STREAM: True} if config.stream else {}


def max_thinking_tokens(recipe: Recipe, spec: ModelSpec) -> int:
    """Give the most tokens that reasoning can take beside the answer; the service's `max_tokens` does not bound it."""
    if spec.thinking != "always" and not recipe.parameters.get(ENABLE):
        return 0
    return int(recipe.parameters.get(BUDGET) or spec.max_thinking_tokens or MOST_THINKING)
