"""Tokens as the service bills them: pictures by the published formula, text by the vendor's own tokenizer."""

from __future__ import annotations

import codecs
import math
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, Protocol, cast

from tests.emulator.models import Vision

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MESSAGE_TOKENS = 5
"""Opening, role, line break, closing and line break around every message."""
MARKER_TOKENS = 2
"""Before and behind every picture or video."""
OPENING_TOKENS = 3
"""Opening, role and line break of the answer to come."""


class _Tokenizer(Protocol):
    decoder: dict[int, bytes]

    def encode(self, text: str, *, allowed_special: set[str]) -> list[int]: ...


@cache
def _tokenizer() -> _Tokenizer:
    import dashscope

    tokenizer: Any = dashscope.get_tokenizer("qwen-turbo")
    return cast("_Tokenizer", tokenizer)


def encode(text: str) -> list[int]:
    """Give the tokens of *text*; special tokens in it count as the plain text that a caller wrote."""
    return _tokenizer().encode(text, allowed_special=set())


@lru_cache(maxsize=4_096)
def count(text: str) -> int:
    """Count the tokens of *text*."""
    return len(encode(text)) if text else 0


def cut(text: str, limit: int) -> str:
    """Keep the first *limit* tokens of *text*, in whole characters."""
    return b"".join(_tokenizer().decoder[token] for token in encode(text)[:limit]).decode("utf-8", "ignore")


def pieces(text: str, sizes: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Cut *text* as a stream does: pieces of *sizes* tokens (the last size repeats), and the tokens so far.

    A piece holds whole characters only: what is left of a character waits for the next piece.
    """
    tokens = encode(text) if text else []
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    table, at, turn = _tokenizer().decoder, 0, 0
    while at < len(tokens):
        size = sizes[min(turn, len(sizes) - 1)]
        chunk = b"".join(table[token] for token in tokens[at : at + size])
        at, turn = min(at + size, len(tokens)), turn + 1
        yield decoder.decode(chunk, final=at == len(tokens)), at


def seen_size(width: int, height: int, vision: Vision, low: int, high: int) -> tuple[int, int]:
    """Give width and height at which a picture of *width* x *height* pixels is seen between *low* and *high* pixels."""
    px = vision.patch
    tall, wide = round(height / px) * px, round(width / px) * px
    if tall * wide > high:
        scale = math.sqrt(height * width / high)
        tall, wide = (math.floor(side / scale / px) * px for side in (height, width))
    elif tall * wide < low:
        scale = math.sqrt(low / (height * width))
        tall, wide = (math.ceil(side * scale / px) * px for side in (height, width))
    return max(wide, px), max(tall, px)


def image_tokens(width: int, height: int, vision: Vision, low: int | None = None, high: int | None = None) -> int:
    """Count what a picture is billed as; *low* and *high* are the caller's min_pixels and max_pixels."""
    wide, tall = seen_size(width, height, vision, low or vision.min_pixels, high or vision.max_pixels)
    return wide * tall // vision.patch**2 + vision.markers


def video_tokens(frames: Sequence[tuple[int, int]], vision: Vision) -> int:
    """Count what a list of frames (width, height) is billed as: two frames share their tokens."""
    if not frames:
        return 0
    width, height = frames[0]
    wide, tall = seen_size(width, height, vision, 4 * vision.patch**2, vision.frame_tokens * vision.patch**2)
    return math.ceil(len(frames) / 2) * (wide * tall // vision.patch**2) + vision.markers
