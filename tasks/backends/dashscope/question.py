"""A question in the service's shape: messages and parameters."""

from __future__ import annotations

import base64
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.documents import RenderedPage
from schemas.errors import UsageFault
from schemas.models import ModelSpec
from schemas.requests import ModelRequest, RenderSpec, Turn

PARAMETERS = frozenset(
    {
        "temperature",
        "top_p",
        "top_k",
        "max_tokens",
        "seed",
        "stop",
        "repetition_penalty",
        "presence_penalty",
        "enable_thinking",
        "thinking_budget",
        "response_format",
        "ocr_options",
        "logprobs",
        "top_logprobs",
        "vl_high_resolution_images",
    }
)
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


def is_ocr(spec: ModelSpec) -> bool:
    """Whether the model is one of the OCR line, which has rules of its own."""
    return spec.family.startswith("ocr")


def question_of(request: ModelRequest, pages: Sequence[RenderedPage], spec: ModelSpec) -> Question:
    """Build the question. Images become base64 here, once; that holds the event loop for some 3 ms per megabyte.

    Raises:
        UsageFault: if a parameter is not known, or the model cannot do what it says.
    """
    recipe = request.recipe
    _check_known(recipe.parameters)
    thinks = _thinks(recipe.parameters.get("enable_thinking"), spec)
    stream = spec.stream_only or thinks or bool(recipe.parameters.get("stream"))
    beside = {name: value for name, value in recipe.parameters.items() if name in ON_IMAGES}
    images = [_image(page, recipe.render) | beside for page in pages]
    return Question(
        model=recipe.model,
        messages=[_message(turn, images, images_first=is_ocr(spec)) for turn in request.turns],
        parameters=_parameters(recipe.parameters, spec, thinks=thinks, stream=stream),
        stream=stream,
    )


def _parameters(given: Mapping[str, Any], spec: ModelSpec, *, thinks: bool, stream: bool) -> dict[str, Any]:
    parameters = {name: value for name, value in given.items() if name in PARAMETERS - {"enable_thinking"}}
    if spec.thinking in {"off", "on"}:  # what happens when nothing is said differs from model to model
        parameters["enable_thinking"] = thinks
    if stream:
        parameters |= {"stream": True, "incremental_output": True, "result_format": "message"}
    return parameters


def _thinks(asked: bool | None, spec: ModelSpec) -> bool:
    can, must = spec.thinking != "none", spec.thinking == "always"
    if (asked and not can) or (asked is False and must):
        msg = f"{spec.name} {'always reasons' if must else 'cannot reason'}"
        raise UsageFault(msg, advice="leave enable_thinking out, or choose another --model")
    return must or bool(asked)


def _check_known(parameters: Mapping[str, Any]) -> None:
    known = PARAMETERS | ON_IMAGES | OURS
    for name in parameters:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            msg = f"the service knows no parameter {name!r}"
            raise UsageFault(
                msg, advice=f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
            )


def _message(turn: Turn, images: list[dict[str, Any]], *, images_first: bool) -> dict[str, Any]:
    """Put the text before the images, so that all pages share a prefix which the service caches.

    The OCR models' own examples have the image first, and no cache.
    """
    text = _guarded(turn.text) if turn.role == "user" else _encodable(turn.text)
    said = [{"text": text}] if turn.text else []
    shown = images if turn.images else []
    return {"role": turn.role, "content": shown + said if images_first else said + shown}


def _image(page: RenderedPage, render: RenderSpec | None) -> dict[str, Any]:
    """Give the image as a data URI with the bounds that it was rendered for, so that the service resizes as we did."""
    encoded = base64.b64encode(page.image.data).decode("ascii")
    item: dict[str, Any] = {"image": f"data:{page.image.media_type};base64,{encoded}"}
    if render is not None:
        item |= {"min_pixels": render.min_pixels, "max_pixels": render.max_pixels}
    return item


def _guarded(text: str) -> str:
    """Keep text from being taken for a file.

    The SDK uploads a file whose path, or URL, a user's text happens to be, and sends its address instead. Text
    out of a document could name any file of this machine; behind a line break it is neither a path nor a URL.
    """
    return "\n" + _encodable(text)


def _encodable(text: str) -> str:
    """Replace halves of surrogate pairs, which a broken PDF's text can hold and UTF-8 cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")
