"""Which truth is of which document: that whose path has the longest end in common. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from tasks.evaluating.truth import Truth


@dataclass(frozen=True)
class Matches:
    """The truths of each document by its path, those of no document, and those that may be of several."""

    by_source: Mapping[str, Sequence[Truth]]
    unmatched: tuple[str, ...] = ()
    ambiguous: tuple[str, ...] = ()


@dataclass
class _Found:
    by_source: defaultdict[str, list[Truth]] = field(default_factory=lambda: defaultdict(list))
    unmatched: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)


def matched(truths: Iterable[Truth], sources: Iterable[str]) -> Matches:
    """Match by the path without its ending; at least the name must be the same.

    Files that differ in nothing but their ending (a PDF and a picture of it) share a truth; `a.png.txt` is of the
    picture alone.
    """
    known: defaultdict[str, list[PurePath]] = defaultdict(list)
    for source in sources:
        path = PurePath(source)
        for name in {path.stem, path.name}:
            known[name].append(path)
    found = _Found()
    for truth in truths:
        _match(truth, known.get(truth.parts[-1], []), found)
    return Matches(found.by_source, tuple(found.unmatched), tuple(found.ambiguous))


def _match(truth: Truth, candidates: Sequence[PurePath], found: _Found) -> None:
    lengths = {path: _common(truth.parts[:-1], path.parts[:-1]) for path in candidates}
    best = [path for path, length in lengths.items() if length == max(lengths.values())]
    if not best:
        found.unmatched.append(truth.origin)
    elif len({path.with_suffix("") for path in best}) > 1:
        found.ambiguous.append(truth.origin)
    else:
        for path in best:
            found.by_source[str(path)].append(truth)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """Count the parts that two paths end with alike."""
    count = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return count
