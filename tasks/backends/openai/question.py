"""A question in the protocol's shape: the body of a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.documents import RenderedPage
from schemas.models import ModelSpec
from schemas.requests import FrameSpec, ModelRequest, RenderSpec, Turn
from tasks.transport.questions import (
    SAMPLING,
    can_choose_to_think,
    check_known,
    data_uri,
    encodable,
    frame_rate,
    in_order,
    thinks,
)

PARAMETERS = SAMPLING | {"frequency_penalty"}
"""What goes into the body as it is. `top_k` and `repetition_penalty` are not OpenAI's, but all servers of open models
take them."""
OF_DASHSCOPE = frozenset({"vl_high_resolution_images"})
THINKING, BUDGET, STREAM = "enable_thinking", "thinking_budget", "stream"
"""What is said in other words, depending on who is asked."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is sent, and how it is to be answered."""

    body: Mapping[str, Any]
    thinks: bool


def question_of(request: ModelRequest, pages: Sequence[RenderedPage], spec: ModelSpec, *, dashscope: bool) -> Question:
    """Build the question. Images become base64 here, once.

    Raises:
        UsageFault: if a parameter is not known there, or the model cannot do what it says.
    """
    recipe = request.recipe
    passed = PARAMETERS | (OF_DASHSCOPE if dashscope else frozenset())
    check_known(recipe.parameters, passed | {THINKING, BUDGET, STREAM})
    reasons = thinks(recipe.parameters.get(THINKING), spec)
    images = [_image(page, recipe.render if dashscope else None) for page in pages]
    if isinstance(recipe.render, FrameSpec):
        images = [_film(pages, dashscope=dashscope)]
    messages = [_message(turn, images, spec) for turn in request.turns]
    body: dict[str, Any] = {"model": recipe.model, "messages": messages}
    body |= {name: value for name, value in recipe.parameters.items() if name in passed}
    body |= _thinking(recipe.parameters, spec, reasons=reasons, dashscope=dashscope)
    if request.turns[-1].role == "assistant":
        body |= _going_on(messages[-1], dashscope=dashscope)
    if spec.stream_only or reasons or recipe.parameters.get(STREAM):
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return Question(body, reasons)


def _thinking(given: Mapping[str, Any], spec: ModelSpec, *, reasons: bool, dashscope: bool) -> dict[str, Any]:
    """Say whether to reason, and how much. Servers of open models leave that to the model's own chat template."""
    said: dict[str, Any] = {}
    if can_choose_to_think(spec):
        said = {THINKING: reasons} if dashscope else {"chat_template_kwargs": {THINKING: reasons}}
    if given.get(BUDGET) is not None:
        said[BUDGET if dashscope else "thinking_token_budget"] = given[BUDGET]
    return said


def _going_on(last: dict[str, Any], *, dashscope: bool) -> dict[str, Any]:
    """Have the model go on from what it said last: DashScope's partial mode, or vLLM's way to the same."""
    if dashscope:
        last["partial"] = True
        return {}
    return {"continue_final_message": True, "add_generation_prompt": False}


def _message(turn: Turn, images: list[dict[str, Any]], spec: ModelSpec) -> dict[str, Any]:
    """Give a turn; text alone as a plain string, which every chat template understands."""
    text = encodable(turn.text)
    if not turn.images:
        return {"role": turn.role, "content": text}
    said = [{"type": "text", "text": text}] if text else []
    return {"role": turn.role, "content": in_order(said, images, spec)}


def _image(page: RenderedPage, render: RenderSpec | None) -> dict[str, Any]:
    """Give the image as a data URI; to DashScope with the bounds that it was rendered for, so that it resizes alike."""
    item: dict[str, Any] = {"type": "image_url", "image_url": {"url": data_uri(page.image)}}
    if render is not None:
        item |= {"min_pixels": render.min_pixels, "max_pixels": render.max_pixels}
    return item


def _film(frames: Sequence[RenderedPage], *, dashscope: bool) -> dict[str, Any]:
    """Give a film: to DashScope as a list of pictures with their rate, to vLLM as one address that holds them all."""
    uris = [data_uri(frame.image) for frame in frames]
    if dashscope:
        return {"type": "video", "video": uris, "fps": frame_rate(frames)}
    shown = ",".join(uri.partition(",")[2] for uri in uris)
    return {"type": "video_url", "video_url": {"url": f"data:video/jpeg;base64,{shown}"}}
