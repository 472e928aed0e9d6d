"""Rows of an evaluation: one for each text that was held against a truth, one for each fact or field that was checked.

They become Parquet as they stand, so that whoever wants other figures than ours can make them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

Basis = Literal["truth", "review"]
Outcome = Literal["hit", "wrong", "missing", "extra"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextScore:
    """One page, or a document whose truth is one text, held against what stands there."""

    source: Annotated[str, "path of the file"]
    name: Annotated[str, "path below the folder that was named as source"]
    page_no: Annotated[int | None, "number of the page; null where the document was compared as a whole"]
    operation: Annotated[str, "what was asked"]
    model: Annotated[str, "model that was asked"]
    status: Annotated[str, "status of the page; of several, those there are"]
    flags: Annotated[tuple[str, ...], "names of the page's flags"]
    basis: Annotated[Basis, "what the truth is: a file, or a mark of a reviewer"]
    truth_chars: Annotated[int, "characters of the truth, normalized"] = 0
    wrong_chars: Annotated[int, "insertions, deletions and substitutions, in reading order"] = 0
    line_chars: Annotated[int, "characters of the truth without spaces"] = 0
    lost_chars: Annotated[int, "of these, read wrong or nowhere, in any order"] = 0
    extra_chars: Annotated[int, "characters that were read besides, in any order"] = 0
    truth_words: Annotated[int, "words of the truth"] = 0
    wrong_words: Annotated[int, "insertions, deletions and substitutions of words, in reading order"] = 0
    read_words: Annotated[int, "words that were read"] = 0
    shared_words: Annotated[int, "words that stand in both, as often as they do"] = 0
    truth_tables: Annotated[int, "tables of the truth"] = 0
    truth_cells: Annotated[int, "their cells with writing"] = 0
    read_cells: Annotated[int, "cells with writing that were read"] = 0
    shared_cells: Annotated[int, "cells that stand in both"] = 0
    truth_relations: Annotated[int, "relations of neighbouring cells in the truth"] = 0
    read_relations: Annotated[int, "relations that were read"] = 0
    shared_relations: Annotated[int, "relations that stand in both"] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckScore:
    """One field of a structured result, or one fact that a reading had to show."""

    source: Annotated[str, "path of the file"]
    name: Annotated[str, "path below the folder that was named as source"]
    page_no: Annotated[int | None, "number of the page; null where it is of the document"]
    operation: Annotated[str, "what was asked"]
    model: Annotated[str, "model that was asked"]
    check: Annotated[Literal["field", "fact"], "which of the two"]
    kind: Annotated[str, "path of the field, or kind of the fact"]
    outcome: Annotated[Outcome, "hit; wrong (another value); missing; extra (the truth has none)"]
    expected: Annotated[str | None, "what the truth says"]
    found: Annotated[str | None, "what was found, of fields"] = None
