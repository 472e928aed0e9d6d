"""What is known to stand in a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

FactKind = Literal["present", "absent", "order", "table", "math", "value"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that a reading of a page must show, as in olmOCR-bench.

    present, absent: `text` stands on the page or not, within its first or last so many characters if these are given.
    order: `text` stands before `after`. table: the cell `text` has these `beside` it (up, down, left, right,
    top_heading, left_heading). math: the formula `text` stands there, spaces and size marks aside. value: a number, a
    date or a text stands there, in whatever spelling. `differences` is how many characters may be others. `page_no` is
    None where it may stand on any page. `also` are other spellings that do. `label` names the kind in figures where it
    is not `kind`.
    """

    kind: FactKind
    text: str | float
    after: str | None = None
    beside: Mapping[str, str] = field(default_factory=dict)
    page_no: int | None = None
    differences: int = 0
    ignore_case: bool = True
    first: int | None = None
    last: int | None = None
    also: tuple[str, ...] = ()
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What is known of one document. `parts` is its path without the ending, as far as the truth knows it.

    `pages` are its texts, page by page; one text of a document of several pages is that of all of it. `data` is what a
    structured reading should find; of what it does not name, nothing is known. `aliases` say how a result may call a
    field otherwise, by JSON pointer. `origin` is the file that says all this.
    """

    parts: tuple[str, ...]
    origin: str
    pages: tuple[str, ...] = ()
    data: Mapping[str, Any] | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    facts: tuple[Fact, ...] = ()
