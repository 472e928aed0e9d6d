"""Reading a page as it stands: Markdown, plain text, or blocks with their places."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from schemas.blocks import Look
from schemas.config import RunConfig
from schemas.errors import MalformedAnswer, UsageFault
from schemas.models import ModelSpec
from schemas.records import Flag, PageOrigin
from schemas.requests import ModelRequest, ModelResponse, Recipe, Turn
from tasks.blocks import as_markdown, parse_blocks, parse_words, prompts, told
from tasks.blocks.tasks import FORMS, JOINED, WITH_BOXES, chosen_task
from tasks.ports import Reading, Verdict
from tasks.prompting import LIVELIER, LOCAL, OCR_SAMPLING, livelier, render_spec, unfenced

VERSION = 2
MAX_OUTPUT = 8_192
MAX_LAYOUT = 16_384
"""Boxes and kinds take as much again as a page's text."""
TURNED_UNTIL = 3
"""A page is turned at the second question or the third; after that its answer stays as it is."""
STILL_TURNED = 0.5
"""How much speaks against an answer that says that what it was given does not stand upright."""


class Text:
    """The operation `text`: what is written on the page, and where it stands if that is wanted."""

    name = "text"

    def recipe(self, config: RunConfig, spec: ModelSpec, backend: str) -> Recipe:
        """Say what is asked; the local backend has no prompt and no pixels of ours.

        Raises:
            UsageFault: if this model does not have the form, the task or the turning that is wanted.
        """
        if backend == LOCAL:
            return self._local(config, spec)
        task = chosen_task(config, spec, backend)
        longest = MAX_LAYOUT if config.text_format == "layout" else MAX_OUTPUT
        parameters: dict[str, Any] = {"max_tokens": min(spec.max_output_tokens or MAX_OUTPUT, longest), **OCR_SAMPLING}
        if task is not None:
            parameters["ocr_options"] = {"task": task}
        if config.enable_rotate:
            parameters["enable_rotate"] = True
        return Recipe(
            operation=self.name,
            operation_version=VERSION,
            backend=backend,
            model=spec.name,
            turns=_turns(config, spec, task),
            parameters=parameters,
            options={"text_format": config.text_format, "ocr_task": task, "boxes": spec.boxes},
            render=render_spec(config, spec),
            variant=config.ocr_task,
        )

    def _local(self, config: RunConfig, spec: ModelSpec) -> Recipe:
        for option, wanted in (("ocr-task", config.ocr_task), ("enable-rotate", config.enable_rotate)):
            if wanted:
                msg = f"the local backend asks no model, so that there is nothing for --{option}"
                raise UsageFault(msg, advice=f"leave out --{option}: it turns pages by itself")
        if config.text_format == "layout":
            msg = "the local backend gives text, and no blocks with boxes"
            raise UsageFault(msg, advice="ask a model for them: --backend dashscope")
        if config.tables == "html":
            msg = "the local backend writes tables as Markdown"
            raise UsageFault(msg, advice="leave out --tables, or ask a model: --backend dashscope")
        options = {"text_format": config.text_format}
        return Recipe(self.name, VERSION, LOCAL, spec.name, parameters=options, options=options)

    def read(self, response: ModelResponse, recipe: Recipe) -> Reading:
        """Take the text out of the form that was asked for.

        Raises:
            MalformedAnswer: if blocks were asked for, and the answer has none.
        """
        if recipe.backend == LOCAL:
            return _read_here(response, recipe)
        task = recipe.options.get("ocr_task")
        reading = _by_task(task, response) if task else _by_prompt(response, recipe)
        turn = recipe.render.turn if recipe.render else 0
        flags = (Flag("sideways", STILL_TURNED),) if reading.look.turn else ()
        known = None if recipe.parameters.get("enable_rotate") else turn
        return replace(reading, origin="model", look=replace(reading.look, rotation=known), flags=flags)

    def joins(self, recipe: Recipe) -> bool:
        """What stands on a page stands there in order."""
        task = recipe.options.get("ocr_task")
        return recipe.options["text_format"] != "layout" and (task is None or task in JOINED)

    def follow_up(
        self, request: ModelRequest, response: ModelResponse, verdict: Verdict, asked: int
    ) -> ModelRequest | None:
        """Turn a page that does not stand upright and read it again; ask a loop, or what is no blocks, more lively.

        Where the turned page is said not to stand upright either, the first answer was as good: it is taken up again,
        and costs nothing.
        """
        recipe = request.recipe
        if recipe.backend == LOCAL or recipe.render is None:
            return None
        turn = verdict.reading.look.turn
        if turn and asked < TURNED_UNTIL and response.stop_reason != "content_filter":
            again = 0 if recipe.render.turn else turn
            return request.instead(replace(recipe, render=replace(recipe.render, turn=again)))
        if asked > len(LIVELIER) or not (
            verdict.is_flagged("repetition") or verdict.error_kind == MalformedAnswer.kind
        ):
            return None
        return request.instead(livelier(recipe, asked))


def _turns(config: RunConfig, spec: ModelSpec, task: str | None) -> tuple[Turn, ...]:
    if task is not None:  # the task has its prompt
        return (Turn("user", "", images=True),)
    prompt = Turn("user", prompts.question(config.text_format, config.tables or "html", spec.boxes), images=True)
    # The OCR models fix their system text themselves and refuse another.
    return (prompt,) if spec.is_ocr else (Turn("system", prompts.SYSTEM), prompt)


def _read_here(response: ModelResponse, recipe: Recipe) -> Reading:
    raw = response.raw
    return Reading(
        text=response.text,
        text_format=str(raw.get("text_format", recipe.options["text_format"])),
        origin=cast("PageOrigin", raw.get("origin", "model")),
        ocr_score=raw.get("ocr_score"),
        look=Look(rotation=raw.get("rotation")),
    )


def _by_prompt(response: ModelResponse, recipe: Recipe) -> Reading:
    """Read the answer to a prompt of ours: a line of facts, then the page; fences were asked not to be there."""
    said = told(unfenced(response.text))
    text = unfenced(said.text)
    if text.strip() == prompts.BLANK:
        text = ""
    form = str(recipe.options["text_format"])
    if form != "layout":
        return Reading(text=text, text_format=form, language=said.language, look=said.look)
    blocks = parse_blocks(text) if text.strip() else ()
    has_tables = True if any(block.kind == "table" for block in blocks) else said.look.has_tables
    look = replace(said.look, blocks=blocks, unit=recipe.options["boxes"], has_tables=has_tables)
    return Reading(text=as_markdown(blocks), text_format="markdown", language=said.language, look=look)


def _by_task(task: str, response: ModelResponse) -> Reading:
    """Read the answer of a built-in task, each of which has its own form."""
    if task == WITH_BOXES:
        return _by_lines(response)
    text = unfenced(response.text).strip()
    if task == "formula_recognition" and text and "$" not in text:
        text = f"$$\n{text}\n$$"
    look = Look(has_tables="<table" in text.lower() if task == "table_parsing" else None)
    return Reading(text=text, text_format=FORMS[task], look=look)


def _by_lines(response: ModelResponse) -> Reading:
    words = parse_words(response.raw, response.text)
    if words is not None:
        look = Look(blocks=words.lines, unit=words.unit, turn=words.turn)
        return Reading(text=as_markdown(words.lines), text_format=FORMS[WITH_BOXES], look=look)
    if response.text.strip(" \n`[]json"):
        raise MalformedAnswer("the answer holds no lines with boxes")
    return Reading(text="", text_format=FORMS[WITH_BOXES], look=Look(blocks=()))


OPERATION = Text()
