"""The answer to a translation: pairs of blocks, source beside target.

Marked blocks, not JSON: a page is full of quotes, backslashes and line breaks, each of which a model would have to
escape, and one that it forgets costs the whole page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.errors import MalformedAnswer
from schemas.languages import find_tag

_STRICT = re.compile(
    r'\s*<source(?: lang="(?P<lang>[^"<>]*)")?>(?P<source>(?:(?!</?(?:source|target)\b).)*)</source>'
    r"\s*<target>(?P<target>(?:(?!</?(?:source|target)\b).)*)</target>\s*",
    re.DOTALL,
)
_MARK = re.compile(r"<(?P<close>/?)(?P<kind>source|target)\b(?P<rest>[^<>]*)>", re.IGNORECASE)
_LANG = re.compile(r"lang\s*=\s*[\"']?([A-Za-z0-9_-]+)")
OUTSIDE = 0.2
"""If more than this share of an answer stands outside its blocks, it is not of the form that was asked for."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list or table, and its translation. `language` is what the model says it is written in."""

    source: str
    target: str
    language: str | None = None

    @property
    def is_empty(self) -> bool:
        """Nothing stands in it."""
        return not (self.source or self.target)


def parse(text: str, *, cut: bool = False) -> tuple[Block, ...]:
    """Take an answer apart: strictly if it is as it was asked for, else mending what is plain.

    Mended are a mark that is missing or spelled otherwise, a sentence before or behind, and JSON in place of marks.
    Of an answer that was *cut*, what is there is taken.

    Raises:
        MalformedAnswer: if it cannot be told what is source and what is target.
    """
    blocks = _strict(text) or _from_marks(text, cut=cut) or _from_json(text)
    if not blocks:
        msg = "the answer holds no pairs of source and target"
        raise MalformedAnswer(msg)
    return blocks


def sources(blocks: Sequence[Block]) -> str:
    """Join what stands on the page."""
    return "\n\n".join(block.source for block in blocks if block.source)


def targets(blocks: Sequence[Block]) -> str:
    """Join the translation."""
    return "\n\n".join(block.target for block in blocks if block.target)


def as_json(blocks: Sequence[Block]) -> str:
    """Write the pairs, source beside target, for those who compare paragraph by paragraph."""
    pairs = [{"source": block.source, "target": block.target, "language": block.language} for block in blocks]
    return json.dumps(pairs, ensure_ascii=False)


def _block(source: str, target: str, language: str | None) -> Block:
    tag = find_tag(language)
    return Block(source.strip(), target.strip(), str(tag) if tag else None)


def _strict(text: str) -> tuple[Block, ...]:
    found, end = [], 0
    while matched := _STRICT.match(text, end):
        found.append(_block(matched["source"], matched["target"], matched["lang"]))
        end = matched.end()
    return tuple(block for block in found if not block.is_empty) if end == len(text) else ()


def _from_marks(text: str, *, cut: bool) -> tuple[Block, ...]:
    marks = list(_MARK.finditer(text))
    opened = {mark["kind"].lower() for mark in marks if not mark["close"]}
    if "source" not in opened or ("target" not in opened and not cut):
        return ()
    if _outside(text, marks) > OUTSIDE * len(text):
        msg = "much of the answer stands outside its pairs of source and target"
        raise MalformedAnswer(msg)
    return tuple(block for block in _paired(text, marks) if not block.is_empty)


def _outside(text: str, marks: Sequence[re.Match[str]]) -> int:
    """Count the characters before the first mark, and between a closing mark and the next one."""
    ends = [mark.end() for mark in marks if mark["close"]]
    starts = [mark.start() for mark in marks] + [len(text)]
    gaps = [(0, starts[0])] + [(end, next(start for start in starts if start >= end)) for end in ends]
    return sum(len(text[start:end].strip()) for start, end in gaps)


def _paired(text: str, marks: Sequence[re.Match[str]]) -> Iterator[Block]:
    """Pair what follows each opening mark, up to the next mark of any kind."""
    source: tuple[str, str | None] | None = None
    for mark, following in zip(marks, [*(mark.start() for mark in marks[1:]), len(text)], strict=True):
        if mark["close"]:
            continue
        content = text[mark.end() : following]
        if mark["kind"].lower() == "source":
            if source is not None:
                yield _block(source[0], "", source[1])
            said = _LANG.search(mark["rest"])
            source = (content, said and said[1])
        else:
            before, language = source or ("", None)
            yield _block(before, content, language)
            source = None
    if source is not None:
        yield _block(source[0], "", source[1])


def _from_json(text: str) -> tuple[Block, ...]:
    try:
        found: Any = json.loads(text)
    except ValueError:
        return ()
    if isinstance(found, dict) and len(found) == 1:
        (found,) = found.values()
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        return ()
    pairs = [(item.get("source"), item.get("target"), item.get("lang") or item.get("language")) for item in found]
    if not all(isinstance(source, str) and isinstance(target, str) for source, target, _ in pairs):
        return ()
    blocks = (
        _block(source, target, language if isinstance(language, str) else None) for source, target, language in pairs
    )
    return tuple(block for block in blocks if not block.is_empty)
