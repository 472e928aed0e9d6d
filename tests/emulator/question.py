"""A request as the model behind the gateway gets it: messages taken apart, pictures decoded, tokens counted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.emulator import parameters, tokens
from tests.emulator.images import Picture
from tests.emulator.messages import Messages, Video
from tests.emulator.models import Model
from tests.emulator.refusal import TooLarge, bad_image, bad_parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.emulator.images import Fetch

MAX_DECODED = 16 * 1024 * 1024
MAX_PLAIN_BODY = 16 * 1024 * 1024
TASK_TOKENS = {"advanced_recognition": 17, "key_information_extraction": 150}
"""What the built-in prompts of OCR tasks cost beyond the question; the others cost about as much as a sentence."""
TASK_SENTENCE = 12


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. `digest` is the same for every repetition of a request, whatever its bytes."""

    model: Model
    prompt: str
    system: str
    pictures: tuple[Picture, ...]
    videos: tuple[Video, ...]
    parameters: Mapping[str, Any]
    stream: bool
    text_tokens: int
    digest: str
    prefix: str | None = None

    @property
    def image_tokens(self) -> int:
        return sum(picture.tokens for picture in self.pictures)

    @property
    def video_tokens(self) -> int:
        return sum(video.tokens for video in self.videos)

    @property
    def input_tokens(self) -> int:
        return self.text_tokens + self.image_tokens + self.video_tokens

    @property
    def thinks(self) -> bool:
        return parameters.thinks(self.parameters, self.model)

    @property
    def wants_json(self) -> bool:
        return (self.parameters.get("response_format") or {}).get("type") == "json_object"

    @property
    def ocr_options(self) -> Mapping[str, Any]:
        return self.parameters.get("ocr_options") or {}


async def parse(body: Mapping[str, Any], model: Model, body_bytes: int, fetch: Fetch, *, stream: bool) -> Question:
    """Read a request.

    Raises:
        Refusal: as the service would.
        TooLarge: as its gateway would.
    """
    settings = body.get("parameters") or {}
    inputs = body.get("input")
    if not isinstance(settings, dict) or not isinstance(inputs, dict):
        message = "Required body invalid, please check the request body format."
        raise bad_parameter(message)
    messages = Messages(model, settings, fetch)
    await messages.read(inputs.get("messages"))
    words = "\n".join(text for _, text in messages.texts)
    parameters.check(settings, model, words, stream=stream)
    _check_counts(messages, model, body_bytes)
    question = Question(
        model=model,
        prompt="\n".join(text for role, text in messages.texts if role != "system"),
        system="\n".join(text for role, text in messages.texts if role == "system"),
        pictures=tuple(messages.pictures),
        videos=tuple(messages.videos),
        parameters=settings,
        stream=stream,
        text_tokens=_text_tokens(messages, model, settings),
        digest=_digest(model.name, messages.trail, settings),
        prefix=messages.prefix,
    )
    if question.prefix is not None and question.thinks:
        message = "Partial mode is not supported when enable_thinking is true."
        raise bad_parameter(message)
    if not 1 <= question.input_tokens <= model.max_input:
        message = f"Range of input length should be [1, {model.max_input}]"
        raise bad_parameter(message)
    return question


def _check_counts(messages: Messages, model: Model, body_bytes: int) -> None:
    if len(messages.pictures) > model.max_images:
        message = f"The number of images exceeds the limit: at most {model.max_images}."
        raise bad_image(message)
    if model.ocr and (len(messages.pictures) != 1 or messages.roles != ["user"]):
        message = "This model takes one image in a single user message."
        raise bad_image(message)
    sent = (*messages.pictures, *(frame for video in messages.videos for frame in video.frames))
    decoded = sum(len(picture.data) for picture in sent)
    if decoded > MAX_DECODED or (not messages.pictures and not messages.videos and body_bytes > MAX_PLAIN_BODY):
        raise TooLarge


def _text_tokens(messages: Messages, model: Model, settings: Mapping[str, Any]) -> int:
    system = 0 if "system" in messages.roles else tokens.MESSAGE_TOKENS + model.unseen_tokens
    words = sum(tokens.count(text) for _, text in messages.texts)
    framing = len(messages.roles) * tokens.MESSAGE_TOKENS + tokens.OPENING_TOKENS
    media = len(messages.pictures) + len(messages.videos)
    markers = media * (tokens.MARKER_TOKENS - model.vision.markers)  # counted as text where not with the picture
    return framing + system + words + markers + _task_tokens(settings)


def _task_tokens(settings: Mapping[str, Any]) -> int:
    options = settings.get("ocr_options")
    if not options:
        return 0
    schema = (options.get("task_config") or {}).get("result_schema")
    asked = tokens.count(json.dumps(schema, ensure_ascii=False)) if schema else 0
    return TASK_TOKENS.get(options["task"], TASK_SENTENCE) + asked


def _digest(model: str, trail: list[object], settings: Mapping[str, Any]) -> str:
    told = json.dumps([model, trail, settings], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()
