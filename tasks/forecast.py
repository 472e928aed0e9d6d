"""How long the next answer will be: a running quantile of the answers seen, by kind of question."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

SEEN = 256
"""Answers remembered; a run over another kind of document shows within as many."""
ENOUGH = 8
"""Answers before the prior is dropped."""
PRIOR = 800
"""Output tokens of a page of print, until answers were seen."""


class OutputForecast:
    """Output tokens to expect. One for each kind of question, as a table's JSON says nothing of a page's text."""

    def __init__(self, *, quantile: float = 0.6, prior: int = PRIOR) -> None:
        self._quantile = quantile
        self._prior = prior
        self._kinds: dict[str, _Seen] = {}

    def expect(self, kind: str) -> int:
        """Give the output tokens of the next answer of this kind, as likely a little less as a little more."""
        seen = self._kinds.get(kind)
        return self._prior if seen is None or len(seen) < ENOUGH else seen.quantile(self._quantile)

    def learn(self, kind: str, output_tokens: int) -> None:
        """Remember an answer's length."""
        self._kinds.setdefault(kind, _Seen()).add(output_tokens)


class _Seen:
    """The latest values, by age and by size."""

    def __init__(self) -> None:
        self._by_age: deque[int] = deque()
        self._by_size: list[int] = []

    def __len__(self) -> int:
        return len(self._by_size)

    def add(self, value: int) -> None:
        self._by_age.append(value)
        insort(self._by_size, value)
        if len(self._by_age) > SEEN:
            del self._by_size[bisect_left(self._by_size, self._by_age.popleft())]

    def quantile(self, share: float) -> int:
        return self._by_size[int(share * (len(self._by_size) - 1))]
