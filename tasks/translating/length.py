"""How long a translation is beside its source, by how much a letter says in each script."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tasks.translating.blocks import Block
from tasks.translating.scripts import prose, script_of

_WEIGHTS = {
    "CJK": 3.5,
    "HIRAGANA": 1.6,
    "KATAKANA": 1.6,
    "HANGUL": 2.6,
    "ARABIC": 1.4,
    "HEBREW": 1.4,
}
"""Letters of Latin script that say as much as one of these, from a text that exists in all of them."""
BOUNDS = ((150.0, 2.0), (40.0, 2.5))
"""From how much text on a paragraph is measured, and how many times longer or shorter it may be."""
PAGE_BOUND = (600.0, 1.7)
_PARAGRAPHS = re.compile(r"\n\s*\n")
SHORTENED = 0.8
"""A block of several paragraphs that has fewer in its translation, and is shorter than this, has lost one."""


def weight(text: str) -> float:
    """Measure how much a text says, in Latin letters."""
    return sum(_WEIGHTS.get(script_of(char), 1.0) for char in prose(text) if char.isalnum())


def is_out_of_proportion(block: Block) -> bool:
    """Say whether a paragraph became much longer or shorter than a translation makes it."""
    source, target = weight(block.source), weight(block.target)
    bound = next((bound for least, bound in BOUNDS if max(source, target) >= least), None)
    return bound is not None and not 1 / bound <= (target + 1) / (source + 1) <= bound


def has_lost_a_paragraph(block: Block) -> bool:
    """Say whether a block of several paragraphs was translated in part."""
    before, after = (len(_PARAGRAPHS.split(text.strip())) for text in (block.source, block.target))
    return after < before and weight(block.target) < SHORTENED * weight(block.source)


def are_out_of_proportion(blocks: Iterable[Block]) -> bool:
    """Say so of a whole page, where the single paragraphs average out."""
    weights = [(weight(block.source), weight(block.target)) for block in blocks]
    source, target = sum(pair[0] for pair in weights), sum(pair[1] for pair in weights)
    least, bound = PAGE_BOUND
    return max(source, target) >= least and not 1 / bound <= (target + 1) / (source + 1) <= bound
