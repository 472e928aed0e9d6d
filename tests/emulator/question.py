"""A request as the model behind the gateway gets it: messages taken apart, pictures decoded, tokens counted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.emulator import images, parameters, tokens
from tests.emulator.images import Picture
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
class Video:
    """A list of frames."""

    frames: tuple[Picture, ...]
    tokens: int


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


class _Reader:
    """Walks through the messages of one request."""

    def __init__(self, model: Model, settings: Mapping[str, Any], fetch: Fetch) -> None:
        self.model = model
        self.settings = settings
        self.fetch = fetch
        self.texts: list[tuple[str, str]] = []
        self.pictures: list[Picture] = []
        self.videos: list[Video] = []
        self.roles: list[str] = []
        self.trail: list[object] = []

    async def read(self, messages: object) -> None:
        if not isinstance(messages, list) or not messages:
            message = "Role must be user or assistant and Content length must be greater than 0"
            raise bad_parameter(message)
        for message in messages:
            role, items = _role_and_items(message)
            self.roles.append(role)
            self.trail.append([role])
            for item in items:
                await self._item(role, item)

    async def _item(self, role: str, item: object) -> None:
        if not isinstance(item, dict):
            message = "The content field is a required field."
            raise bad_parameter(message)
        if isinstance(item.get("text"), str):
            self.texts.append((role, item["text"]))
            self.trail.append(item["text"])
        elif "image" in item:
            picture = await self._picture(item)
            self.pictures.append(picture)
            self.trail.append([picture.sha256, {k: v for k, v in item.items() if k != "image"}])
        elif isinstance(item.get("video"), list):
            await self._video(item)
        else:
            message = "Input should be a valid content item: text, image or video."
            raise bad_parameter(message)

    async def _picture(self, item: Mapping[str, Any]) -> Picture:
        picture = await images.load(item["image"], self.fetch)
        images.check(picture, self.model)
        low, high = self._bounds(item)
        count = tokens.image_tokens(picture.width, picture.height, self.model.vision, low, high)
        return replace(picture, tokens=count)

    def _bounds(self, item: Mapping[str, Any]) -> tuple[int, int]:
        vision = self.model.vision
        low = item.get("min_pixels") or vision.min_pixels
        high = item.get("max_pixels") or vision.max_pixels
        if not (isinstance(low, int) and isinstance(high, int) and vision.min_pixels <= low <= high <= vision.ceiling):
            message = f"min_pixels and max_pixels must be in [{vision.min_pixels}, {vision.ceiling}]"
            raise bad_parameter(message)
        if self.settings.get("vl_high_resolution_images") and not self.model.ocr:
            high = 16_384 * vision.patch**2
        return low, high

    async def _video(self, item: Mapping[str, Any]) -> None:
        frames = tuple([await images.load(frame, self.fetch) for frame in item["video"]])
        for frame in frames:
            images.check(frame, self.model)
        count = tokens.video_tokens([(frame.width, frame.height) for frame in frames], self.model.vision)
        self.videos.append(Video(frames, count))
        self.trail.append([[frame.sha256 for frame in frames], item.get("fps")])


def _role_and_items(message: object) -> tuple[str, list[object]]:
    role = message.get("role") if isinstance(message, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    if role not in {"system", "user", "assistant"} or not content:
        text = "Role must be user or assistant and Content length must be greater than 0"
        raise bad_parameter(text)
    if isinstance(content, str):
        return role, [{"text": content}]
    if not isinstance(content, list):
        text = "Input should be a valid list: input.messages.content"
        raise bad_parameter(text)
    return role, content


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
    reader = _Reader(model, settings, fetch)
    await reader.read(inputs.get("messages"))
    words = "\n".join(text for _, text in reader.texts)
    parameters.check(settings, model, words, stream=stream)
    _check_counts(reader, model, body_bytes)
    question = Question(
        model=model,
        prompt="\n".join(text for role, text in reader.texts if role != "system"),
        system="\n".join(text for role, text in reader.texts if role == "system"),
        pictures=tuple(reader.pictures),
        videos=tuple(reader.videos),
        parameters=settings,
        stream=stream,
        text_tokens=_text_tokens(reader, model, settings),
        digest=_digest(model.name, reader.trail, settings),
    )
    if not 1 <= question.input_tokens <= model.max_input:
        message = f"Range of input length should be [1, {model.max_input}]"
        raise bad_parameter(message)
    return question


def _check_counts(reader: _Reader, model: Model, body_bytes: int) -> None:
    if len(reader.pictures) > model.max_images:
        message = f"The number of images exceeds the limit: at most {model.max_images}."
        raise bad_image(message)
    if model.ocr and (len(reader.pictures) != 1 or reader.roles != ["user"]):
        message = "This model takes one image in a single user message."
        raise bad_image(message)
    decoded = sum(len(picture.data) for picture in reader.pictures)
    if decoded > MAX_DECODED or (not reader.pictures and not reader.videos and body_bytes > MAX_PLAIN_BODY):
        raise TooLarge


def _text_tokens(reader: _Reader, model: Model, settings: Mapping[str, Any]) -> int:
    system = 0 if "system" in reader.roles else tokens.MESSAGE_TOKENS + model.unseen_tokens
    words = sum(tokens.count(text) for _, text in reader.texts)
    framing = len(reader.roles) * tokens.MESSAGE_TOKENS + tokens.OPENING_TOKENS
    media = len(reader.pictures) + len(reader.videos)
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
