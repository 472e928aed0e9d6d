"""A question in the service's shape: messages and parameters."""

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

PARAMETERS = SAMPLING | {"enable_thinking", "thinking_budget", "ocr_options", "vl_high_resolution_images"}
"""What the service takes. The SDK passes any other word on unread, so that a mistyped one would do nothing."""
ON_IMAGES = frozenset({"enable_rotate"})
"""What stands beside each image, not among the parameters."""
OURS = frozenset({"stream"})


@dataclass(frozen=True, slots=True)
class Question:
    """What is handed to the SDK."""

    model: str
    messages: list[dict[str, Any]]
    parameters: dict[str, Any]
    stream: bool


def question_of(request: ModelRequest, pages: Sequence[RenderedPage], spec: ModelSpec) -> Question:
    """Build the question. Images become base64 here, once.

    Raises:
        UsageFault: if a parameter is not known, or the model cannot do what it says.
    """
    recipe = request.recipe
    check_known(recipe.parameters, PARAMETERS | ON_IMAGES | OURS)
    reasons = thinks(recipe.parameters.get("enable_thinking"), spec)
    stream = spec.stream_only or reasons or bool(recipe.parameters.get("stream"))
    beside = {name: value for name, value in recipe.parameters.items() if name in ON_IMAGES}
    images = [_image(page, recipe.render) | beside for page in pages]
    if isinstance(recipe.render, FrameSpec):
        images = [{"video": [data_uri(page.image) for page in pages], "fps": frame_rate(pages)}]
    return Question(
        model=recipe.model,
        messages=_messages(request.turns, images, spec),
        parameters=_parameters(recipe.parameters, spec, reasons=reasons, stream=stream),
        stream=stream,
    )


def _parameters(given: Mapping[str, Any], spec: ModelSpec, *, reasons: bool, stream: bool) -> dict[str, Any]:
    parameters = {name: value for name, value in given.items() if name in PARAMETERS - {"enable_thinking"}}
    if can_choose_to_think(spec):
        parameters["enable_thinking"] = reasons
    if stream:
        parameters |= {"stream": True, "incremental_output": True, "result_format": "message"}
    return parameters


def _messages(turns: Sequence[Turn], images: list[dict[str, Any]], spec: ModelSpec) -> list[dict[str, Any]]:
    """Give the conversation; where the model spoke last, it is to go on from there."""
    messages = [_message(turn, images, spec) for turn in turns]
    if turns[-1].role == "assistant":
        messages[-1]["partial"] = True
    return messages


def _message(turn: Turn, images: list[dict[str, Any]], spec: ModelSpec) -> dict[str, Any]:
    text = _guarded(turn.text) if turn.role == "user" else encodable(turn.text)
    said = [{"text": text}] if turn.text else []
    return {"role": turn.role, "content": in_order(said, images if turn.images else [], spec)}


def _image(page: RenderedPage, render: RenderSpec | None) -> dict[str, Any]:
    """Give the image as a data URI with the bounds that it was rendered for, so that the service resizes as we did."""
    item: dict[str, Any] = {"image": data_uri(page.image)}
    if render is not None:
        item |= {"min_pixels": render.min_pixels, "max_pixels": render.max_pixels}
    return item


def _guarded(text: str) -> str:
    """Keep text from being taken for a file.

    The SDK uploads a file whose path, or URL, a user's text happens to be, and sends its address instead. Text
    out of a document could name any file of this machine; behind a line break it is neither a path nor a URL.
    """
    return "\n" + encodable(text)
