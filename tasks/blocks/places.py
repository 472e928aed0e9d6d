"""Where blocks stand: boxes in the words of each model, turned into points of the page."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from schemas.blocks import Block, Unit
from schemas.documents import PageFacts
from schemas.pixels import MAX_RATIO, Size, fit
from schemas.requests import RenderSpec

Box = tuple[float, float, float, float]

GRID = 1_000
"""Steps of the grid. The vendor says 0 to 999; recorded answers give the same boxes in pixels of a picture of
6000 x 3000, which are exactly 6 and 3 times those of the grid, so that the steps are a thousandth."""
OVERHANG = 0.05
"""How far beyond the page, in parts of it, a box may reach and is cut off; one that reaches farther is a mistake."""


def on_page(
    blocks: Iterable[Block], unit: Unit, sent: tuple[int, int] | None, facts: PageFacts, render: RenderSpec | None
) -> tuple[Block, ...]:
    """Give blocks with boxes in points of the page as displayed, from its top left corner.

    *sent* is the size of the picture that was sent, *render* how it was drawn: turned, perhaps. A box is null where
    there is nothing to tell by, or where it does not lie on the page.
    """
    if unit == "points":
        return tuple(blocks)
    if sent is None or render is None or not (facts.width > 0 and facts.height > 0):
        return tuple(_placed(block, None) for block in blocks)
    steps = {"grid": Size(GRID, GRID), "seen": fit(*sent, render), "sent": Size(*sent)}[unit]
    drawn = _drawn(facts, render.turn)
    return tuple(_placed(block, _box(block, steps, drawn, facts, render.turn)) for block in blocks)


def turned_back(box: Box, turn: int) -> Box:
    """Give the place, in shares of the page, of a box in shares of its picture, which shows it turned clockwise.

    >>> turned_back((0.0, 0.0, 0.25, 0.5), 90)
    (0.0, 0.75, 0.5, 1.0)
    """
    x0, y0, x1, y1 = box
    match turn % 360:
        case 90:
            return (y0, 1 - x1, y1, 1 - x0)
        case 180:
            return (1 - x1, 1 - y1, 1 - x0, 1 - y0)
        case 270:
            return (1 - y1, x0, 1 - y0, x1)
        case _:
            return box


def _drawn(facts: PageFacts, turn: int) -> tuple[float, float]:
    """Say what part of the picture the page takes, from its top left: rendering adds white to what is all too long."""
    width, height = (facts.width, facts.height) if turn % 180 == 0 else (facts.height, facts.width)
    least = max(width, height) * 2 / MAX_RATIO
    return width / max(width, least), height / max(height, least)


def _box(block: Block, steps: Size, drawn: tuple[float, float], facts: PageFacts, turn: int) -> Box | None:
    sides = (block.x0, block.y0, block.x1, block.y1)
    if any(side is None or not math.isfinite(side) for side in sides):
        return None
    x0, y0, x1, y1 = (side or 0.0 for side in sides)
    across, down = steps.width * drawn[0], steps.height * drawn[1]
    shares = turned_back((x0 / across, y0 / down, x1 / across, y1 / down), turn)
    if min(shares) < -OVERHANG or max(shares) > 1 + OVERHANG:
        return None
    left, top, right, bottom = (min(max(share, 0.0), 1.0) for share in shares)
    if left >= right or top >= bottom:
        return None
    width, height = facts.width, facts.height
    return (round(left * width, 2), round(top * height, 2), round(right * width, 2), round(bottom * height, 2))


def _placed(block: Block, box: Box | None) -> Block:
    x0, y0, x1, y1 = box or (None, None, None, None)
    return replace(block, x0=x0, y0=y0, x1=x1, y1=y1)
