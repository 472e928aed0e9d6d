"""Lines with boxes, as the OCR models' task `advanced_recognition` gives them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from schemas.blocks import Block, Unit
from tasks.transport.values import content_items, first, mapping

TALL = 1.5
"""A line this many times taller than wide runs up or down the page."""

_ROW = re.compile(r'"rotate_rect":\s*(\[[^\]]*\]),\s*"text":\s*("(?:[^"\\]|\\.)*")')
_CORNERS, _RECTANGLE = 8, 5


@dataclass(frozen=True, slots=True)
class Words:
    """Lines in the order of the answer, and in what their boxes are given."""

    lines: tuple[Block, ...]
    unit: Unit

    @property
    def turn(self) -> int:
        """By how many degrees clockwise the picture must be turned for its lines to run from left to right.

        A box does not say which end of its line is the first; the order of the lines does: on a page that lies on its
        right side the next line is to the left.
        """
        if not _runs_sideways(self.lines):
            return 0
        middles = [(line.x0 or 0.0) + (line.x1 or 0.0) for line in self.lines if line.x0 is not None]
        to_the_left = sum(math.copysign(1, after - before) for before, after in pairwise(middles) if after != before)
        return 270 if to_the_left < 0 else 90


def parse_words(raw: Mapping[str, Any], text: str) -> Words | None:
    """Read the lines from `ocr_result.words_info`, else from the JSON in the text; None if there are none.

    The former are pixels of the picture that was sent, the latter steps of the grid. A cut answer has only the text.
    """
    given = tuple(_of_result(raw))
    if given:
        return Words(given, "sent")
    rows = tuple(_block(json.loads(said), rectangle=json.loads(box)) for box, said in _rows(text))
    return Words(rows, "grid") if rows else None


def _of_result(raw: Mapping[str, Any]) -> Iterator[Block]:
    choice = mapping(first(mapping(raw.get("output")).get("choices")))
    for item in content_items(mapping(choice.get("message")).get("content")):
        infos = mapping(item.get("ocr_result")).get("words_info")
        for info in infos if isinstance(infos, list) else []:
            said = mapping(info)
            if isinstance(said.get("text"), str):
                yield _block(said["text"], corners=said.get("location"), rectangle=said.get("rotate_rect"))


def _rows(text: str) -> Iterator[tuple[str, str]]:
    for match in _ROW.finditer(text):
        yield match[1], match[2]


def _block(text: str, *, corners: Any = None, rectangle: Any = None) -> Block:
    points = _corners(corners) or _turned(rectangle)
    if not points:
        return Block("line", text)
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return Block("line", text, min(xs), min(ys), max(xs), max(ys))


def _corners(given: Any) -> list[tuple[float, float]]:
    """Read four corners, x and y in turn."""
    numbers = _numbers(given, _CORNERS)
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _turned(given: Any) -> list[tuple[float, float]]:
    """Give the corners of a rectangle said by its middle, its sides and the degrees by which it is turned."""
    numbers = _numbers(given, _RECTANGLE)
    if not numbers:
        return []
    x, y, width, height, degrees = numbers
    cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    halves = [(a * width / 2, b * height / 2) for a in (-1, 1) for b in (-1, 1)]
    return [(x + a * cosine - b * sine, y + a * sine + b * cosine) for a, b in halves]


def _numbers(given: Any, count: int) -> list[float]:
    if not isinstance(given, Sequence) or len(given) != count:
        return []
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in given):
        return []
    return [float(number) for number in given]


def _runs_sideways(lines: Sequence[Block]) -> bool:
    """Whether most of the writing runs up or down. A single character says nothing: a 1 is tall."""
    longer = [line for line in lines if len(line.text) > 1 and line.x0 is not None]
    tall = sum(len(line.text) for line in longer if _height(line) > TALL * _width(line))
    return 2 * tall > sum(len(line.text) for line in longer)


def _width(line: Block) -> float:
    return (line.x1 or 0.0) - (line.x0 or 0.0)


def _height(line: Block) -> float:
    return (line.y1 or 0.0) - (line.y0 or 0.0)
