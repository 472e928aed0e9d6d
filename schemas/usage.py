"""How many tokens: a frozen value that adds."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one or of many answers, as the service counted them.

    `input_tokens` includes image, text, video and cached tokens; `output_tokens` includes reasoning tokens.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    image_tokens: int = 0
    text_tokens: int = 0
    video_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    @property
    def total_tokens(self) -> int:
        """Input and output together, the figure that a token quota counts."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        """Add field by field."""
        return Usage(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(Usage)))

    def __radd__(self, other: int) -> Usage:
        """Let `sum()` start from 0."""
        if other != 0:
            return NotImplemented
        return self
