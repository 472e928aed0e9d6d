"""What an emulated model sees of a picture without reading it: where lines of writing stand, and how they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL import Image

Box = tuple[int, int, int, int]
DARK = 128
WHOLE = 8
"""Rows without ink that still belong to one line, in thousandths of the picture's height."""


def lines(image: Image.Image) -> list[Box]:
    """Give the boxes of the lines of writing in the order of reading, on which side the page may lie.

    That models keep to this order on a page on its side is an assumption: no such answer was recorded.
    """
    ink = _ink(image)
    if not _is_sideways(ink):
        return _bands(ink)
    found = [_flipped(box) for box in _bands(ink.T)]
    return found[::-1] if turn(image) == 270 else found


def turn(image: Image.Image) -> int:
    """Say by how many degrees clockwise the picture must be turned for its writing to stand upright.

    Lines begin at one margin and end raggedly: where they begin tells which way they run.
    """
    ink = _ink(image)
    sideways = _is_sideways(ink)
    bands = _bands(ink.T if sideways else ink)
    if len(bands) < 2:
        return 0
    begins_first = _spread([box[0] for box in bands]) <= _spread([box[2] for box in bands])
    if sideways:
        return 270 if begins_first else 90
    return 0 if begins_first else 180


def upright(image: Image.Image) -> Image.Image:
    """Turn a picture so that its writing stands upright."""
    return image.rotate(-turn(image), expand=True)


def _ink(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L")) < DARK


def _is_sideways(ink: np.ndarray) -> bool:
    """Lines of writing leave rows between them free; letters leave hardly a column free through all of them."""
    return _free(ink.any(axis=0)) > _free(ink.any(axis=1))


def _free(used: np.ndarray) -> float:
    at = np.flatnonzero(used)
    return float(1 - used[at[0] : at[-1] + 1].mean()) if len(at) else 0.0


def _bands(ink: np.ndarray) -> list[Box]:
    bridge = max(1, ink.shape[0] * WHOLE // 1_000)
    rows = np.flatnonzero(ink.any(axis=1))
    if not len(rows):
        return []
    found = []
    for run in np.split(rows, np.flatnonzero(np.diff(rows) > bridge) + 1):
        top, bottom = int(run[0]), int(run[-1]) + 1
        columns = np.flatnonzero(ink[top:bottom].any(axis=0))
        found.append((int(columns[0]), top, int(columns[-1]) + 1, bottom))
    return found


def _flipped(box: Box) -> Box:
    return box[1], box[0], box[3], box[2]


def _spread(values: list[int]) -> int:
    return max(values) - min(values)
