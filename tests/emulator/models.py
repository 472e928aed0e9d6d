"""What the emulated service knows of its models. Written from the vendor's pages, not from the product's own table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

Era = Literal["2024", "2025"]
"""How answers look: the fields of usage, the cutting of streams, the headers."""


@dataclass(frozen=True, slots=True)
class Vision:
    """How a family of models counts the tokens of a picture."""

    patch: int
    min_pixels: int
    max_pixels: int
    ceiling: int
    markers: int = 2
    """Tokens before and behind a picture, counted with it."""
    frame_tokens: int = 640
    """What a frame of a video has at most."""


VL32 = Vision(32, 4_096, 2_621_440, 16_777_216)
VL28 = Vision(28, 3_136, 1_003_520, 12_845_056)
OCR32 = Vision(32, 3_072, 8_388_608, 30_720_000)
OCR28 = Vision(28, 3_136, 6_422_528, 23_520_000)


@dataclass(frozen=True, slots=True)
class Model:
    """One model as the service runs it.

    `thinking` is what happens when the caller says nothing, `unseen_tokens` what the service writes before a
    question that has no system message.
    """

    name: str
    vision: Vision = VL32
    max_input: int = 258_048
    max_output: int = 32_768
    max_images: int = 250
    max_frames: int = 2_000
    thinking: Literal["none", "off", "on", "always"] = "none"
    stream_only: bool = False
    json_mode: bool = False
    partial_mode: bool = False
    """Whether it goes on from an assistant's words, as long as it does not think."""
    ocr: bool = False
    era: Era = "2025"
    unseen_tokens: int = 0
    retired: bool = False


OCR_PIXELS = 15_680_000
"""OCR models refuse larger pictures."""


def _ocr(name: str, vision: Vision, max_output: int) -> Model:
    return Model(name, vision, max_input=30_000, max_output=max_output, max_images=1, ocr=True, unseen_tokens=3)


def _vl(name: str, **settings: Any) -> Model:
    return replace(Model(name, json_mode=True, partial_mode=True), **settings)


def _qvq(name: str) -> Model:
    return Model(name, VL28, 98_304, 8_192, max_frames=512, thinking="always", stream_only=True)


_TABLE = (
    _vl("qwen3-vl-plus", thinking="off"),
    _vl("qwen3-vl-flash", thinking="off"),
    _vl("qwen3.5-plus", max_input=991_000, max_output=65_536, max_frames=8_000, thinking="on"),
    _vl("qwen3.5-flash", max_input=991_000, max_output=65_536, max_frames=8_000, thinking="on"),
    _vl("qwen3.6-plus", max_input=991_000, max_output=65_536, max_frames=8_000, thinking="on"),
    _vl("qwen3.6-flash", max_input=991_000, max_output=65_536, max_frames=8_000, thinking="on"),
    _vl("qwen3.7-plus", max_input=991_000, max_output=65_536, max_frames=8_000, max_images=2_048, thinking="on"),
    _vl("qwen3.7-flash", max_input=991_000, max_output=65_536, max_frames=8_000, thinking="on"),
    _vl("qwen3.8-max", max_input=991_000, max_output=65_536, max_frames=8_000, thinking="on"),
    _vl("qwen3.8-flash", max_input=991_000, max_output=65_536, max_frames=8_000, thinking="on"),
    _vl(
        "qwen3-vl-235b-a22b-thinking",
        json_mode=False,
        partial_mode=False,
        max_input=126_000,
        thinking="always",
        stream_only=True,
    ),
    _ocr("qwen3.5-ocr", OCR32, 32_768),
    _ocr("qwen-vl-ocr", OCR28, 4_096),
    _ocr("qwen-vl-ocr-latest", OCR32, 8_192),
    _ocr("qwen-vl-ocr-2025-11-20", OCR32, 8_192),
    _ocr("qwen-vl-ocr-2025-08-28", OCR28, 4_096),
    _vl(
        "qwen2.5-vl-72b-instruct", vision=VL28, max_input=129_024, max_output=8_192, json_mode=False, partial_mode=False
    ),
    _vl("qwen-vl-max", max_input=129_024, max_output=8_192, retired=True),
    _vl("qwen-vl-plus", max_input=129_024, max_output=8_192, retired=True),
    _qvq("qvq-plus"),
    replace(_qvq("qvq-max"), retired=True),
)

TEXT_MODELS = frozenset({"qwen-plus", "qwen-max", "qwen-turbo", "qwen-flash", "qwen3-max"})
"""Known to the service and without eyes: this endpoint refuses them."""


def current() -> dict[str, Model]:
    """Models as they are served now; a fresh table that the caller may change."""
    return {model.name: model for model in _TABLE}


def late_2024() -> dict[str, Model]:
    """Models as they answered at the end of 2024: fewer usage fields, no marker tokens in `image_tokens`."""
    vision = replace(VL28, markers=0, frame_tokens=768)
    vl = Model("qwen-vl-plus", vision, max_input=30_000, max_output=2_000, era="2024", unseen_tokens=6)
    ocr = replace(vl, name="qwen-vl-ocr", vision=replace(OCR28, markers=0), max_output=4_096, max_images=1, ocr=True)
    return {model.name: model for model in (vl, replace(vl, name="qwen-vl-max"), ocr)}
