"""Pages as blocks: read out of answers, put in their place on the page, written down as text. Pure."""

from __future__ import annotations

from tasks.blocks.facts import Told, told
from tasks.blocks.marks import as_markdown, without_furniture
from tasks.blocks.parsing import parse_blocks
from tasks.blocks.places import on_page
from tasks.blocks.words import Words, parse_words

__all__ = [
    "Told",
    "Words",
    "as_markdown",
    "on_page",
    "parse_blocks",
    "parse_words",
    "told",
    "without_furniture",
]
