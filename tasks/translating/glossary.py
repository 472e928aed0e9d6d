"""A glossary: terms, how they are read from a file, and whether a translation uses them."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from schemas.errors import UsageFault

Term = tuple[str, str]
MAX_TERMS = 2_000
"""Every term stands in the question of every page, and is paid for with it."""
SHORT = 5
_WORD = re.compile(r"[^\W_]+")
_UNPARTED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def read_glossary(path: Path) -> tuple[Term, ...]:
    """Read a CSV file with the columns `source` and `target`; others are left alone.

    Raises:
        UsageFault: if it cannot be read, or a line is not as it should be; names the line.
    """
    advice = "give a CSV file in UTF-8 whose first line is: source,target"
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return tuple(_terms(file, path))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        if isinstance(error, csv.Error):
            why = str(error)
        msg = f"the glossary {path} cannot be read: {why}"
        raise UsageFault(msg, advice=advice) from error
    except ValueError as error:
        raise UsageFault(str(error), advice=advice) from error


def _terms(lines: Iterable[str], path: Path) -> Iterator[Term]:
    rows = csv.DictReader(lines, strict=True)
    names = [(name or "").strip().casefold() for name in rows.fieldnames or ()]
    if not {"source", "target"} <= set(names):
        msg = f"{path}:1: the first line must name the columns source and target"
        raise ValueError(msg)
    rows.fieldnames = names
    known: dict[str, tuple[str, int]] = {}
    for row in rows:
        source, target = (" ".join((row[name] or "").split()) for name in ("source", "target"))
        if not source and not target:
            continue
        if not source or not target:
            msg = f"{path}:{rows.line_num}: {'source' if not source else 'target'} is empty"
            raise ValueError(msg)
        before = known.setdefault(source.casefold(), (target, rows.line_num))
        if before[0] != target:
            msg = f"{path}:{rows.line_num}: {source!r} has another target than in line {before[1]}"
            raise ValueError(msg)
        if before[1] == rows.line_num:
            yield source, target
    if not known or len(known) > MAX_TERMS:
        msg = f"{path}: holds {len(known):,} terms; there must be 1 to {MAX_TERMS:,}"
        raise ValueError(msg)


def missed(source: str, target: str, terms: Sequence[Term]) -> tuple[Term, ...]:
    """List the terms that stand in a source and whose translation does not stand in the target.

    A longer term hides the shorter ones within it. A target term may be inflected, or part of a compound.
    """
    source, target = _folded(source), _folded(target)
    found = []
    for term, before, after in _longest_first(tuple(terms)):
        if before in source and (pattern := _whole(before)).search(source):
            source = pattern.sub(" ", source)
            if not _is_used(after, target):
                found.append(term)
    return tuple(found)


@lru_cache(maxsize=8)
def _longest_first(terms: tuple[Term, ...]) -> tuple[tuple[Term, str, str], ...]:
    prepared = [(term, _folded(term[0]), _folded(term[1])) for term in terms]
    return tuple(sorted(prepared, key=lambda item: len(item[1]), reverse=True))


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


@lru_cache(maxsize=MAX_TERMS)
def _whole(term: str) -> re.Pattern[str]:
    escaped = re.escape(term)
    return re.compile(escaped if _UNPARTED.search(term) else rf"(?<!\w){escaped}(?!\w)")


def _is_used(term: str, target: str) -> bool:
    if _UNPARTED.search(term):
        return term.replace(" ", "") in target.replace(" ", "")
    return all(_stem(word) in target for word in _WORD.findall(term))


def _stem(word: str) -> str:
    """Cut off what an inflection may change: up to three letters of a long word, one of a short one."""
    if len(word) <= 3 or any(char.isdigit() for char in word):  # noqa: PLR2004 - an abbreviation, mostly
        return word
    return word[:-1] if len(word) <= SHORT else word[: max(SHORT - 1, len(word) - 3)]
