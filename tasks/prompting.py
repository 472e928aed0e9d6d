"""What the questions of all operations share: pixels, sampling, and fences around an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from schemas.config import RunConfig
from schemas.errors import UsageFault
from schemas.models import ModelSpec
from schemas.requests import ModelRequest, Recipe, RenderSpec
from tasks.ports import Verdict

OCR_SAMPLING: Mapping[str, float | int] = {"temperature": 0.01, "top_p": 0.001, "top_k": 1}
"""The vendor's defaults for reading, which it advises to leave alone."""
LIVELIER = (0.3, 0.8)
"""Temperatures of the second and third question where the first answer was no use."""
LOCAL = "local"
DASHSCOPE = "dashscope"


def refuse_local(backend: str, what: str) -> None:
    """Make sure that there is a model to be asked, where *what* is wanted of it.

    Raises:
        UsageFault: if the backend reads on this machine, without one.
    """
    if backend == LOCAL:
        msg = f"the local backend reads pages and cannot {what}"
        advice = "set DASHSCOPE_API_KEY and --backend dashscope, or --backend openai for a server of your own"
        raise UsageFault(msg, advice=advice)


def render_spec(config: RunConfig, spec: ModelSpec) -> RenderSpec:
    """Say how pages are rendered for a model.

    Raises:
        UsageFault: if more pixels are asked for than the model sees.
    """
    if config.max_pixels is None:
        return spec.render
    ceiling = spec.max_pixels_ceiling
    if ceiling is not None and config.max_pixels > ceiling:
        msg = f"{spec.name} sees at most {ceiling:,} pixels of a page, not {config.max_pixels:,}"
        raise UsageFault(msg, advice=f"set --max-pixels to {ceiling} or less")
    return replace(spec.render, max_pixels=config.max_pixels)


def livelier(recipe: Recipe, asked: int) -> Recipe:
    """Loosen the sampling: what loops at the lowest temperature loops again when it is asked the same way."""
    loosened = {name: value for name, value in recipe.parameters.items() if name not in OCR_SAMPLING}
    return replace(recipe, parameters={**loosened, "temperature": LIVELIER[asked - 1], "seed": asked})


def after_loop(request: ModelRequest, verdict: Verdict, asked: int) -> ModelRequest | None:
    """Ask again with other sampling where the answer was a loop, twice at most; None is to leave it."""
    if asked > len(LIVELIER) or not verdict.is_flagged("repetition"):
        return None
    return request.instead(livelier(request.recipe, asked))


def unfenced(text: str) -> str:
    r"""Take off one code fence around the whole answer.

    >>> unfenced("```markdown\n# Title\n```")
    '# Title'
    """
    stripped = text.strip()
    if not (stripped.startswith("```") and stripped.endswith("```") and "\n" in stripped):
        return text
    body = stripped.split("\n", 1)[1].removesuffix("```")
    return text if "```" in body else body.rstrip("\n")
