"""Agreements of Kleister-NDA: `expected.tsv` has a line a file: its name, a tab, `key=value` with spaces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flows.evaluation.truths import parts_of, text_of
from tasks.evaluating.truth import Fact, Truth

_WORDS = {"1": "one", "2": "two", "3": "three", "4": "four", "5": "five", "7": "seven", "10": "ten"}


def fits(folder: Path) -> bool:
    """The list, and the documents below it."""
    return (folder / "expected.tsv").is_file()


def read(folder: Path) -> Iterator[Truth]:
    """Give what each agreement is known to say."""
    path = folder / "expected.tsv"
    for line in text_of(path).splitlines():
        name, _, expected = line.partition("\t")
        said = [
            (kind, value.replace("_", " ")) for kind, _, value in (pair.partition("=") for pair in expected.split())
        ]
        yield Truth(
            parts=parts_of(folder / "documents" / name),
            origin=str(path),
            data=_data(said),
            facts=tuple(_fact(kind, value) for kind, value in said),
        )


def _data(said: list[tuple[str, str]]) -> dict[str, Any]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for kind, value in said:
        found[kind].append(value)
    return {kind: values if len(values) > 1 else values[0] for kind, values in found.items()}


def _fact(kind: str, value: str) -> Fact:
    also: tuple[str, ...] = ()
    if kind == "term":
        number, _, unit = value.partition(" ")
        word, single = _WORDS.get(number, number), unit.removesuffix("s")
        also = tuple(f"{count} {each}" for count in (number, word, f"{word} ({number})") for each in (unit, single))
    return Fact(kind="value", text=value, also=also, label=kind.replace("_", " "))
