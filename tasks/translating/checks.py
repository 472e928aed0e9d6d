"""What can be checked of a translation without asking anyone: every check is a pure function of source and target.

A check that fails makes its page suspect. Whether a translation reads well, or says what the source says, no check
here can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from schemas.languages import Tag, find_tag
from schemas.records import Flag
from tasks.translating.blocks import Block
from tasks.translating.figures import dates_missing, numbers_between, segments
from tasks.translating.glossary import Term, missed
from tasks.translating.length import are_out_of_proportion, has_lost_a_paragraph, is_out_of_proportion
from tasks.translating.literals import addresses, codes, squeezed
from tasks.translating.residue import is_prose, is_untranslated, wrong_script
from tasks.translating.scripts import scripts_of
from tasks.translating.tables import taken_apart

ADDED = 0.5
"""Strength of numbers that are only in the target: mostly they stand in words in the source."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the translation was to be."""

    target: Tag
    glossary: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """A check that failed: its name, how strong it is (0-1), a sentence that lets it be put right, and where."""

    check: str
    score: float
    detail: str
    where: str = ""


def check(blocks: Sequence[Block], wanted: Wanted) -> tuple[Finding, ...]:
    """Run all checks, paragraph by paragraph and over the page."""
    found = [
        replace(finding, where=block.source or block.target)
        for block in blocks
        for one in _OF_A_BLOCK
        for finding in one(block, wanted)
    ]
    return (*found, *_of_the_page(blocks, wanted, found))


def flags(findings: Iterable[Finding]) -> tuple[Flag, ...]:
    """Give one signal for each check that failed, as strong as its strongest finding."""
    strongest: dict[str, float] = {}
    for finding in findings:
        strongest[finding.check] = max(finding.score, strongest.get(finding.check, 0.0))
    return tuple(Flag(name, score) for name, score in strongest.items())


def _figures(block: Block, wanted: Wanted) -> Iterator[Finding]:
    del wanted
    if not block.target:
        return
    source, target = taken_apart(block.source), taken_apart(block.target)
    if source.shape != target.shape:
        detail = f"the table has rows of {_counted(source.shape)} cells, its translation of {_counted(target.shape)}"
        yield Finding("table_differs", 1.0, detail)
    for before, after in segments(block, source, target):
        difference = numbers_between(before, after)
        if difference.missing:
            instead = f", which has {', '.join(difference.added)}" if difference.added else ""
            detail = f"{', '.join(difference.missing)} is not in the translation{instead}"
            yield Finding("numbers_differ", 1.0, detail)
        elif difference.added:
            yield Finding("numbers_differ", ADDED, f"{', '.join(difference.added)} is not in the source")
        if gone := dates_missing(before, after):
            yield Finding("dates_differ", 1.0, f"the date {', '.join(gone)} is not in the translation")


def _counted(shape: tuple[tuple[int, ...], ...]) -> str:
    return "; ".join(" ".join(map(str, rows)) for rows in shape) or "no"


def _literals(block: Block, wanted: Wanted) -> Iterator[Finding]:
    del wanted
    if not block.target:
        return
    there = squeezed(block.target)
    kinds: tuple[tuple[str, Callable[[str], tuple[str, ...]]], ...] = (
        ("addresses_differ", addresses),
        ("codes_differ", codes),
    )
    for name, listed in kinds:
        gone = [literal for literal in listed(block.source) if squeezed(literal) not in there]
        if gone:
            yield Finding(name, 1.0, f"{', '.join(gone)} is not in the translation as it stands")


def _terms(block: Block, wanted: Wanted) -> Iterator[Finding]:
    for source, target in missed(block.source, block.target, wanted.glossary) if block.target else ():
        yield Finding("glossary_missed", 1.0, f"{source!r} is to be translated as {target!r}")


def _residue(block: Block, wanted: Wanted) -> Iterator[Finding]:
    if not block.target:
        if is_prose(block.source):
            yield Finding("paragraph_missing", 1.0, "it has no translation")
    elif not block.source:
        if is_prose(block.target):
            yield Finding("paragraph_added", 1.0, "it has no source")
    elif not _needs_none(block, wanted) and is_untranslated(block, scripts_of(wanted.target)):
        yield Finding("untranslated", 1.0, "it was left, wholly or in part, in the language of the page")
    elif has_lost_a_paragraph(block):
        yield Finding("paragraph_missing", 1.0, "a part of it has no translation")
    elif is_out_of_proportion(block):
        yield Finding("length_ratio", 1.0, "its translation is much too short or too long")


def _needs_none(block: Block, wanted: Wanted) -> bool:
    """Whether the paragraph is in the target's language already, by the model's own word."""
    said = find_tag(block.language)
    return said is not None and said.is_same_language(wanted.target)


_OF_A_BLOCK: tuple[Callable[[Block, Wanted], Iterator[Finding]], ...] = (_figures, _literals, _terms, _residue)


def _of_the_page(blocks: Sequence[Block], wanted: Wanted, found: Sequence[Finding]) -> Iterator[Finding]:
    foreign = [block for block in blocks if not _needs_none(block, wanted)]
    share = wrong_script(foreign, scripts_of(wanted.target))
    if share:
        detail = f"{share:.0%} of the letters are not of the script that the language is written in"
        yield Finding("wrong_script", 1.0, detail)
    whole = {finding.check for finding in found}
    if not whole & {"length_ratio", "paragraph_missing"} and are_out_of_proportion(blocks):
        yield Finding("length_ratio", 1.0, "the translation of the page is much too short or too long")
