"""Text that repeats itself: how a model ends that has lost its way, and what no page looks like."""

from __future__ import annotations

import re

LOOP_REPEATS = 8
LOOP_CHARS = 200
LOOP_SURE = 4_000
"""Characters of repetition after which an answer that is still being written is stopped: as HTML, sixty rows of a table
that has zeros in five columns. A page has no more."""
LOOK_EVERY = 500
TAIL = 4_000
_LETTER = re.compile(r"[^\W_]")


def has_loop(text: str, *, chars: int = LOOP_CHARS) -> bool:
    """Say whether *text* ends in one piece repeated so often, and for *chars*, that no page is written like that.

    Table rules and dot leaders are repetitions that pages do have; they hold no letters.
    """
    tail = text[-max(TAIL, 2 * chars) :]
    for period in range(1, len(tail) // LOOP_REPEATS + 1):
        piece = tail[-period:]
        if not _LETTER.search(piece):
            continue
        repeats = 1
        while tail[-period * (repeats + 1) : -period * repeats] == piece:
            repeats += 1
        if repeats >= LOOP_REPEATS and repeats * period >= chars:
            return True
    return False


class LoopWatch:
    """Watches an answer that is being written. It looks again only when enough was added to make a difference.

    A table can repeat a row and go on, so that only a loop of `LOOP_SURE` characters is certain.
    """

    def __init__(self) -> None:
        self._text = ""
        self._looked_at = 0

    def add(self, piece: str) -> bool:
        """Take in what was written; say whether it is certain by now that it repeats itself without end."""
        self._text += piece
        if len(self._text) < self._looked_at + LOOK_EVERY:
            return False
        self._looked_at = len(self._text)
        return has_loop(self._text, chars=LOOP_SURE)
