"""Facts as olmOCR-bench and Orbit write them: a line of JSON each, which names a file below `pdfs/`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from flows.evaluation.truths import parsed, parts_of, text_of
from schemas.errors import UsageFault
from tasks.evaluating.truth import Fact, FactKind, Truth

_SIDES = ("up", "down", "left", "right", "top_heading", "left_heading")
_TEXTS: Mapping[str, str] = {
    "present": "text",
    "absent": "text",
    "order": "before",
    "table": "cell",
    "math": "math",
    "value": "text",
}
"""Kinds of facts, and where each has what must stand there. Others of theirs (baseline) say nothing of a text."""


def fits(folder: Path) -> bool:
    """A folder of PDFs in `pdfs`, and lists of facts beside it."""
    return (folder / "pdfs").is_dir() and any(folder.glob("*.jsonl"))


def read(folder: Path) -> Iterator[Truth]:
    """Collect the facts of each document."""
    found: defaultdict[tuple[str, str], list[Fact]] = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        for number, line in enumerate(text_of(path).splitlines(), start=1):
            if not line.strip():
                continue
            entry = parsed(line, path, number)
            fact = fact_of(entry, f"{path}, line {number}")
            if fact is not None:
                found[_named(entry, f"{path}, line {number}"), str(path)].append(fact)
    for (name, origin), facts in found.items():
        yield Truth(parts=parts_of(folder / "pdfs" / name), origin=origin, facts=tuple(facts))


def _named(entry: Mapping[str, Any], where: str) -> str:
    if not isinstance(entry.get("pdf"), str):
        msg = f"the fact at {where} names no pdf"
        raise UsageFault(msg, advice='give it "pdf": the path below pdfs/')
    return str(entry["pdf"])


def fact_of(entry: Any, where: str) -> Fact | None:
    """Make a fact of an entry; None of a kind that says nothing of a text.

    Raises:
        UsageFault: if it does not say what must stand there.
    """
    if not isinstance(entry, Mapping) or not isinstance(entry.get("type"), str):
        msg = f"the fact at {where} has no type"
        raise UsageFault(msg, advice=f"set it to one of {', '.join(_TEXTS)}")
    kind = str(entry["type"])
    if kind not in _TEXTS:
        return None
    text = entry.get(_TEXTS[kind])
    after = entry.get("after") if kind == "order" else None
    if not isinstance(text, str | int | float) or (kind == "order" and not isinstance(after, str)):
        msg = f"the fact at {where} lacks {_TEXTS[kind]!r}{' or ' + repr('after') if kind == 'order' else ''}"
        raise UsageFault(msg, advice="see docs/evaluating.md for the facts there are")
    return Fact(
        kind=cast("FactKind", kind),
        text=text,
        after=after,
        beside={side: str(entry[side]) for side in _SIDES if kind == "table" and entry.get(side)},
        page_no=entry.get("page"),
        differences=entry.get("max_diffs") or 0,
        ignore_case=not entry.get("case_sensitive", False),
        first=entry.get("first_n"),
        last=entry.get("last_n"),
        also=tuple(map(str, entry.get("also", ()))),
    )
