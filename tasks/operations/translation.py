"""Translating a page from its image: source beside target, paragraph by paragraph, and what can be checked of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from schemas.config import RunConfig
from schemas.errors import UsageFault
from schemas.languages import parse_tag
from schemas.models import ModelSpec
from schemas.requests import ModelRequest, ModelResponse, Recipe, Turn
from tasks.ports import Reading, Verdict
from tasks.prompting import LIVELIER, OCR_SAMPLING, livelier, refuse_local, render_spec, unfenced
from tasks.translating import prompts
from tasks.translating.blocks import Block, as_json, parse, sources, targets
from tasks.translating.checks import Finding, Wanted, check, flags
from tasks.translating.scripts import language_name

VERSION = 1
MAX_OUTPUT = 16_384
"""Source and target both: twice what a page's text takes."""
MOST_QUESTIONS = 3
"""The first question and two more, be it with other sampling or to put an answer right."""


class Translation:
    """The operation `translation`: the page in another language, with its own text beside it."""

    name = "translation"

    def recipe(self, config: RunConfig, spec: ModelSpec, backend: str) -> Recipe:
        """Say what is asked; glossary and tone are part of it."""
        _check_able(spec, backend)
        if config.target_language is None:
            raise UsageFault("a translation needs a language to translate into", advice="set it: --to de")
        tag = parse_tag(config.target_language)
        prompt = prompts.question(language_name(tag), tone=config.tone, glossary=config.glossary)
        return Recipe(
            operation=self.name,
            operation_version=VERSION,
            backend=backend,
            model=spec.name,
            turns=(Turn("system", prompts.SYSTEM), Turn("user", prompt, images=True)),
            parameters={"max_tokens": min(spec.max_output_tokens or MAX_OUTPUT, MAX_OUTPUT), **OCR_SAMPLING},
            options={"target_language": str(tag), "glossary": [list(term) for term in config.glossary]},
            render=render_spec(config, spec),
            repair=config.repair,
            variant=str(tag),
        )

    def read(self, response: ModelResponse, recipe: Recipe) -> Reading:
        """Take the pairs of source and target, and check them.

        Raises:
            MalformedAnswer: if the answer holds no such pairs.
        """
        blocks = _blocks(response)
        return Reading(
            text=targets(blocks),
            text_format="markdown",
            result=as_json(blocks) if blocks else None,
            language=_main_language(blocks),
            origin="model",
            flags=flags(_findings(response, blocks, recipe)),
            source_text=sources(blocks),
            target_language=str(recipe.options["target_language"]),
        )

    def joins(self, recipe: Recipe) -> bool:
        """A paragraph that was cut in two is translated as two."""
        del recipe
        return False

    def follow_up(
        self, request: ModelRequest, response: ModelResponse, verdict: Verdict, asked: int
    ) -> ModelRequest | None:
        """Ask a loop or a malformed answer again with other sampling, and where it is wanted, a wrong one to be mended.

        Twice at most, both together.
        """
        if asked >= MOST_QUESTIONS:
            return None
        if verdict.is_flagged("repetition") or verdict.error_kind == "malformed":
            return request.instead(livelier(request.recipe, min(asked, len(LIVELIER))))
        if not request.recipe.repair or verdict.status != "suspect":
            return None
        found = _findings(response, _blocks(response), request.recipe)
        if not found:
            return None
        said = (Turn("assistant", response.text), Turn("user", prompts.repair(found)))
        return request.continued(*said)


def _check_able(spec: ModelSpec, backend: str) -> None:
    refuse_local(backend, "translate them")
    if spec.is_ocr:
        msg = f"{spec.name} reads pages and cannot translate them"
        raise UsageFault(msg, advice="choose another --model, like qwen3-vl-plus")


def _blocks(response: ModelResponse) -> tuple[Block, ...]:
    text = unfenced(response.text)
    if text.strip() in {"", prompts.BLANK}:
        return ()
    return parse(text, cut=response.stop_reason != "stop")


def _findings(response: ModelResponse, blocks: Sequence[Block], recipe: Recipe) -> tuple[Finding, ...]:
    """Check what came whole; a cut answer is `truncated`, and its last paragraph would fail for that alone."""
    return check(blocks, _wanted(recipe.options)) if response.stop_reason == "stop" else ()


def _wanted(options: Mapping[str, Any]) -> Wanted:
    terms = tuple((str(source), str(target)) for source, target in options["glossary"])
    return Wanted(parse_tag(options["target_language"]), terms)


def _main_language(blocks: Sequence[Block]) -> str | None:
    """Name the language that most of the page is written in, by the model's word."""
    said: Counter[str] = Counter()
    for block in blocks:
        if block.language:
            said[block.language] += len(block.source)
    return said.most_common(1)[0][0] if said else None


OPERATION = Translation()
