"""The result of a file, out of the results in the rows of its pages."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.records import PageRecord
from schemas.requests import canonical_json
from tasks.extraction.merge import Conflict, Merged, Said, merge
from tasks.ports import Evidence


@dataclass(frozen=True, slots=True)
class Whole:
    """The columns of a file that its pages' results are merged into, as JSON; null where no page has a result."""

    result: str | None = None
    conflicts: str | None = None
    evidence: str | None = None


def whole(rows: Iterable[PageRecord]) -> Whole:
    """Merge the results of a file's pages, which come in their order."""
    found = [(row, result) for row in rows if (result := _object(row.result)) is not None]
    if not found:
        return Whole()
    pages = [row for row, _ in found]
    merged = merge([result for _, result in found])
    conflicts = [_conflict(conflict, pages) for conflict in merged.conflicts]
    has_evidence = any(row.evidence is not None for row in pages)
    return Whole(
        result=_text(merged.value),
        conflicts=_text(conflicts) if conflicts else None,
        evidence=_text(_evidence(merged, pages)) if has_evidence else None,
    )


def evidence_column(evidence: Sequence[Evidence], page_nos: Sequence[int]) -> str:
    """Write where values stand as the JSON of a row: pages by their numbers in the document."""
    return _text(
        [
            {
                "path": one.path,
                "page": None if one.image is None else page_nos[one.image - 1],
                "quote": one.quote,
                "in_text_layer": one.in_text_layer,
            }
            for one in evidence
        ]
    )


def _object(text: str | None) -> dict[str, Any] | None:
    value = json.loads(text) if text else None
    return value if isinstance(value, dict) else None


def _conflict(conflict: Conflict, pages: Sequence[PageRecord]) -> dict[str, Any]:
    others = [_said(said, pages) for said in conflict.others]
    return {"path": conflict.path, "kept": _said(conflict.kept, pages), "others": others}


def _said(said: Said, pages: Sequence[PageRecord]) -> dict[str, Any]:
    return {"page": pages[said.result].page_no, "value": said.value}


def _evidence(merged: Merged, pages: Sequence[PageRecord]) -> list[Mapping[str, Any]]:
    known = [{entry["path"]: entry for entry in json.loads(row.evidence or "[]")} for row in pages]
    return [
        known[number][there] | {"path": here}
        for here, (number, there) in merged.origins.items()
        if there in known[number]
    ]


def _text(value: Any) -> str:
    return canonical_json(value).decode()
