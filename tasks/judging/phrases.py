"""What models say instead of what stands on a page: that they cannot, that there is no image, or what they are doing.

Every pattern is of an answer's beginning. Letters apologize as well, so that a mere apology is weak, and what the
page's own text layer has is the page's.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.records import Flag
from tasks.judging.wordlists import pattern, squeezed, straight

REFUSAL = 1.0
APOLOGY = 0.5
"""Strength of an apology that does not say what for: a note on a door begins so too."""
PREFACE = 0.4
"""Strength of a sentence about the task before the answer: it does not belong there, and the page may follow whole."""
LONGEST_REFUSAL = 600
"""Characters. A page of prose that begins like a refusal is none."""


def phrases(text: str, layer: str, *, is_transcript: bool = True) -> Iterator[Flag]:
    """Tell of an answer that is a refusal, or a transcript that begins with words about the task.

    What *layer* has as well is the page's.
    """
    text = straight(text.strip())
    if len(text) < LONGEST_REFUSAL:
        for table, strength in (("refusals", REFUSAL), ("apologies", APOLOGY)):
            if _begins(table, text, layer):
                yield Flag("refusal", strength)
                return
    if is_transcript and _begins("prefaces", text, layer):
        yield Flag("preface", PREFACE)


def _begins(table: str, text: str, layer: str) -> bool:
    found = pattern(table, at_the_beginning=True).match(text)
    return found is not None and squeezed(found[0]) not in squeezed(layer)
