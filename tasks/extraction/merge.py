"""Results of several pages made one of the whole document, by rules that can be told in a sentence each.

- A value is the first that a page gives; null and absent are no value.
- Objects are merged field by field, in the order in which fields first appear.
- Lists are put one behind the other.
- Where a later page says something else, the first stays and the difference is listed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tasks.extraction.pointers import leaves, pointer


@dataclass(frozen=True, slots=True)
class Said:
    """What one of the results says, by its number in their order."""

    result: int
    value: Any


@dataclass(frozen=True, slots=True)
class Conflict:
    """A place where results differ: what was kept, and what else was said."""

    path: str
    kept: Said
    others: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """One result of many. `origins` says of each leaf which result it came from, and where it stood there."""

    value: dict[str, Any]
    conflicts: tuple[Conflict, ...] = ()
    origins: Mapping[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Piece:
    result: int
    path: str
    value: Any


def merge(results: Sequence[Mapping[str, Any]]) -> Merged:
    """Merge results, which are in the order of their pages."""
    pieces = [_Piece(number, "", result) for number, result in enumerate(results)]
    merger = _Merger()
    value = merger.merged("", pieces) if pieces else {}
    return Merged(value, tuple(merger.conflicts), merger.origins)


class _Merger:
    """Walks through all results at once, and takes note of what came from where."""

    def __init__(self) -> None:
        self.conflicts: list[Conflict] = []
        self.origins: dict[str, tuple[int, str]] = {}

    def merged(self, path: str, pieces: Sequence[_Piece]) -> Any:
        given = [piece for piece in pieces if piece.value is not None]
        if not given:
            self.origins[path] = (pieces[0].result, pieces[0].path)
            return None
        kept = given[0]
        alike = [piece for piece in given if _kind(piece.value) == _kind(kept.value)]
        others = [piece for piece in given if piece not in alike]
        value: Any
        if isinstance(kept.value, Mapping):
            value = self._fields(path, alike)
        elif isinstance(kept.value, list):
            value = self._items(path, alike)
        else:
            value, others = kept.value, [piece for piece in given if not _same(piece.value, kept.value)]
            self.origins[path] = (kept.result, kept.path)
        if others:
            said = tuple(Said(piece.result, piece.value) for piece in others)
            self.conflicts.append(Conflict(path, Said(kept.result, kept.value), said))
        return value

    def _fields(self, path: str, pieces: Sequence[_Piece]) -> dict[str, Any]:
        names = dict.fromkeys(name for piece in pieces for name in piece.value)
        return {
            name: self.merged(
                path + pointer([name]),
                [
                    _Piece(piece.result, piece.path + pointer([name]), piece.value[name])
                    for piece in pieces
                    if name in piece.value
                ],
            )
            for name in names
        }

    def _items(self, path: str, pieces: Sequence[_Piece]) -> list[Any]:
        items: list[Any] = []
        for piece in pieces:
            for index, item in enumerate(piece.value):
                here, there = f"{path}/{len(items)}", f"{piece.path}/{index}"
                self.origins |= {here + leaf: (piece.result, there + leaf) for leaf, _ in leaves(item)}
                items.append(item)
        return items


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "object"
    return "list" if isinstance(value, list) else "leaf"


def _same(one: Any, other: Any) -> bool:
    """Whether two leaves say the same: capitals and spaces are no difference, `true` and 1 are one."""
    if isinstance(one, str) and isinstance(other, str):
        return " ".join(one.casefold().split()) == " ".join(other.casefold().split())
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
