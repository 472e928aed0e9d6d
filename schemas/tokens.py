"""How many tokens a request takes on its way in: pictures by the vendor's formula, text by a rule of thumb.

The rule errs upward: a prompt is a few hundred tokens beside a page's thousands, and what was taken too much is
corrected from the answer's usage.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from schemas.documents import RenderedPage
from schemas.pixels import image_tokens, video_tokens
from schemas.requests import FrameSpec, ModelRequest, Turn

CHARS_PER_TOKEN = 3.5
"""Of scripts with spaces; English prose has 4 and more."""
WIDE_CHARS_PER_TOKEN = 1.5
"""Of Chinese, Japanese and Korean."""
FIRST_WIDE = "\u2e80"
"""Where the scripts begin whose characters are words or syllables."""
TURN_TOKENS = 8
"""What frames a turn of the conversation."""


def text_tokens(text: str) -> int:
    """Estimate the tokens of a text, rather too many than too few.

    >>> text_tokens("Read all text on this page."), text_tokens("请读出本页全部文字。"), text_tokens("")
    (8, 7, 0)
    """
    wide = sum(char >= FIRST_WIDE for char in text)
    return math.ceil(wide / WIDE_CHARS_PER_TOKEN + (len(text) - wide) / CHARS_PER_TOKEN)


def prompt_tokens(turns: Sequence[Turn]) -> int:
    """Estimate the tokens of a conversation's texts."""
    return sum(text_tokens(turn.text) + TURN_TOKENS for turn in turns)


def input_tokens(request: ModelRequest, pages: Sequence[RenderedPage]) -> int:
    """Estimate what a request takes with its pages' images: those exactly, its text rather too high."""
    render = request.recipe.render
    if isinstance(render, FrameSpec) and pages:
        film = video_tokens(len(pages), pages[0].image.width, pages[0].image.height, render)
        return film + prompt_tokens(request.turns)
    images = sum(image_tokens(page.image.width, page.image.height, render) for page in pages) if render else 0
    return images * sum(turn.images for turn in request.turns) + prompt_tokens(request.turns)
