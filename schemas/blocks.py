"""What a page is made of: blocks, each of a kind, with its text and its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Unit = Literal["grid", "seen", "sent", "points"]
"""In what boxes are given: thousandths of the picture, pixels of the picture as the model sees it after its own resize,
pixels of the picture that was sent, or points of the page as displayed."""

BLOCK_KINDS: Mapping[str, str] = {
    "title": "the title of the document",
    "heading": "a heading within it",
    "text": "a paragraph",
    "list": "a list, or an item of one",
    "table": "a table, as HTML or Markdown",
    "formula": "a formula standing by itself, as LaTeX",
    "figure": "a picture, named; with the writing in it where that was read",
    "caption": "what is written about a figure or a table",
    "footnote": "a note at the foot of the page or a table",
    "code": "a program or its output",
    "form": "a field or a group of fields to be filled in",
    "stamp": "a stamp or a seal",
    "signature": "a signature",
    "handwriting": "something written by hand",
    "header": "the running header",
    "footer": "the running footer",
    "page_number": "the page's number",
    "line": "one line of writing, where no one said what it is a part of",
}
"""What a block of a page can be."""
FURNITURE: frozenset[str] = frozenset({"header", "footer", "page_number"})
"""Blocks that belong to the page as paper and not to what is written on it."""


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page: what it is, what it says, and where it stands.

    The box is in points of the page as displayed, from its top left corner: left, top, right, bottom. It is null
    where the answer gave none, or none that lies on the page.
    """

    kind: str
    text: str
    x0: float | None = None
    y0: float | None = None
    x1: float | None = None
    y1: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """What an answer says of how its page looks; None is what it does not say.

    `blocks` have their boxes in `unit`. `turn` is by how many degrees clockwise the picture that was looked at would
    have to be turned for its writing to stand upright, `rotation` by how many the page was turned for that picture.
    """

    blocks: tuple[Block, ...] | None = None
    unit: Unit = "points"
    turn: int | None = None
    rotation: int | None = None
    has_tables: bool | None = None
    has_handwriting: bool | None = None
