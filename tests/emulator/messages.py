"""The messages of a request, taken apart: texts, pictures and lists of frames."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from tests.emulator import images, tokens
from tests.emulator.images import Picture
from tests.emulator.refusal import bad_parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.emulator.images import Fetch
    from tests.emulator.models import Model


LEAST_FRAMES = 4
SLOWEST_RATE, FASTEST_RATE = 0.1, 10.0


@dataclass(frozen=True, slots=True)
class Video:
    """A list of frames."""

    frames: tuple[Picture, ...]
    tokens: int


class Messages:
    """What the messages of one request hold. `trail` is all of it in order, pictures by their hash.

    `prefix` is what the model is to go on from: the last message, an assistant's, marked as partial.
    """

    def __init__(self, model: Model, settings: Mapping[str, Any], fetch: Fetch) -> None:
        self.model = model
        self.settings = settings
        self.fetch = fetch
        self.texts: list[tuple[str, str]] = []
        self.pictures: list[Picture] = []
        self.videos: list[Video] = []
        self.roles: list[str] = []
        self.trail: list[object] = []
        self.prefix: str | None = None

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
            if message.get("partial"):
                self._go_on(message is messages[-1], role)

    def _go_on(self, is_last: bool, role: str) -> None:
        if not (is_last and role == "assistant" and self.model.partial_mode):
            text = "The partial parameter is only supported in the last assistant message of models in partial mode."
            raise bad_parameter(text)
        self.prefix = self.texts[-1][1]
        self.trail.append("partial")

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
        return replace(picture, tokens=count, turned=self.model.ocr and item.get("enable_rotate") is True)

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
        rate = item.get("fps", 2.0)
        if not isinstance(rate, int | float) or not SLOWEST_RATE <= rate <= FASTEST_RATE:
            message = f"The fps parameter must be in [{SLOWEST_RATE}, {FASTEST_RATE}]"
            raise bad_parameter(message)
        if not LEAST_FRAMES <= len(item["video"]) <= self.model.max_frames or self.model.ocr:
            message = f"The video list must hold between {LEAST_FRAMES} and {self.model.max_frames} frames."
            raise bad_parameter(message)
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
