"""A page taken apart: what a model answers that is asked for blocks with boxes, or for a line of facts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.emulator import sight, tokens

if TYPE_CHECKING:
    from tests.emulator.images import Picture
    from tests.emulator.question import Question

TAG = re.compile(r"<[^<>]*>")
GRID = 1_000
LAST = 999
WANTS_BLOCKS = "data-bbox"
WANTS_FACTS = "<page lang="
Shares = tuple[float, float, float, float]


def placed(text: str, picture: Picture) -> list[tuple[str, Shares]]:
    """Give each line of what was read with its box, in shares of the picture.

    Where as many lines are seen as were read the boxes are those of the ink; else they are evenly spread.
    """
    rows = [line.strip() for line in text.splitlines() if line.strip()]
    with picture.open() as image:
        seen = sight.lines(image)
    if len(seen) == len(rows):
        wide, tall = picture.width, picture.height
        return [(row, (x0 / wide, y0 / tall, x1 / wide, y1 / tall)) for row, (x0, y0, x1, y1) in zip(rows, seen)]  # noqa: B905 - counted above
    pitch = 0.9 / max(len(rows), 1)
    longest = max(map(len, rows), default=1)
    tops = [0.05 + pitch * number for number in range(len(rows))]
    return [
        (row, (0.05, top, 0.05 + 0.9 * len(row) / longest, top + pitch * 0.8))
        for row, top in zip(rows, tops, strict=True)
    ]


def blocks(text: str, picture: Picture, question: Question) -> str:
    """Write what was read as blocks, boxes in the convention of the model's generation."""
    if not text.strip() or WANTS_BLOCKS in text or text.strip() == "<blank/>":
        return text
    across, down = _steps(picture, question)
    written = []
    for line, (x0, y0, x1, y1) in placed(text, picture):
        box = (round(x0 * across), round(y0 * down), round(x1 * across), round(y1 * down))
        box = tuple(min(side, LAST) for side in box) if across == GRID else box
        kind, said = ("title", line[2:]) if line.startswith("# ") else ("text", line)
        written.append(f'<div class="{kind}" data-bbox="{" ".join(map(str, box))}">{said}</div>')
    return "\n".join(written)


def facts(text: str, picture: Picture) -> str:
    """Begin with what is seen of the page."""
    with picture.open() as image:
        turn = sight.turn(image)
    letters = [character for character in TAG.sub("", text) if character.isalpha()]
    language = "zh" if 2 * sum("\u4e00" <= letter <= "\u9fff" for letter in letters) > len(letters) else "en"
    has_table = "yes" if "<table" in text else "no"
    return f'<page lang="{language}" turn="{turn}" tables="{has_table}" handwriting="no"/>\n{text}'


def _steps(picture: Picture, question: Question) -> tuple[int, int]:
    """Qwen3-VL counts thousandths; Qwen2.5-VL counts the pixels that it sees."""
    vision = question.model.vision
    if vision.patch == 32:
        return GRID, GRID
    return tokens.seen_size(picture.width, picture.height, vision, vision.min_pixels, vision.max_pixels)
