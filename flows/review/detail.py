"""What is shown of one page beside its picture. Pure; HTML in it is harmless, everything else is text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flows.review import rendering
from flows.review.written import ways_written
from flows.wording import money
from schemas.records import PageRecord, ReviewRecord
from tasks.extraction.pointers import leaves
from tasks.picture import Box

Sighting = Literal["found", "missing", "unknown"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A paragraph of a translation, as HTML: the page's own beside the translated."""

    source: str
    target: str
    language: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a value of a structured result stands, by the page's own text layer and by the model's word."""

    sighting: Sighting
    page: int | None
    quote: str | None
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class LayoutBox:
    """A block of the page's layout, as shares of its width and height."""

    kind: str
    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A page as it is shown.

    Of `html`, `pairs` and `result` one says what was read: text, a translation, or JSON whose values stand at
    `places`, by JSON pointer. `raw` is what a reviewer corrects. `ratio` is height by width, where it is known.
    """

    id: str
    doc_id: str
    request_key: str
    raw: str
    html: str
    pairs: tuple[Pair, ...]
    result: Any
    places: Mapping[str, Place]
    boxes: tuple[LayoutBox, ...]
    facts: tuple[tuple[str, str], ...]
    flags: tuple[tuple[str, float], ...]
    error: str | None
    notes: tuple[str, ...]
    reasoning: str | None
    ratio: float | None
    mark: str | None
    note: str | None
    corrected: str | None
    reviewer: str | None


def detail(name: str, page: PageRecord, review: ReviewRecord | None, found: Mapping[str, Sequence[Box]]) -> Detail:
    """Lay out a page. *found* says where values of its result were seen in its text layer, by JSON pointer."""
    pairs = _pairs(page) if page.operation == "translation" else ()
    result = None if pairs else _json(page.result)
    boxes = _layout(page)
    return Detail(
        id=name,
        doc_id=page.doc_id,
        request_key=page.request_key,
        raw=page.text or page.result or "",
        html="" if pairs or result is not None else _html(page.text or page.result or "", page.text_format),
        pairs=pairs,
        result=result,
        places=_places(page, boxes, found) if result is not None else {},
        boxes=tuple(LayoutBox(kind, box) for kind, _, box in boxes),
        facts=tuple(_facts(page)),
        flags=tuple((flag.name, flag.score) for flag in page.flags),
        error=_error(page),
        notes=page.notes,
        reasoning=page.reasoning,
        ratio=page.height / page.width if page.height and page.width else None,
        mark=review.mark if review else None,
        note=review.note if review else None,
        corrected=review.corrected_text if review else None,
        reviewer=review.reviewer if review else None,
    )


def wanted_places(page: PageRecord) -> dict[str, tuple[str, ...]]:
    """Say what is to be looked for on the page: by JSON pointer the model's quote, and the ways to write the value."""
    if page.operation == "translation":
        return {}
    values = dict(leaves(_json(page.result)))
    return {
        path: (*ways_written(entry.get("quote")), *ways_written(values.get(path)))
        for path, entry in _evidence(page).items()
        if entry.get("page") in {None, page.page_no}
    }


def _error(page: PageRecord) -> str | None:
    """Say why a page was not read; of a page that is only doubtful its flags say it already."""
    if page.error_kind in {None, page.status}:
        return None
    return ": ".join(filter(None, (page.error_kind, page.error_message)))


def _html(text: str, form: str | None) -> str:
    return rendering.markdown(text) if form == "markdown" else rendering.plain(text)


def _pairs(page: PageRecord) -> tuple[Pair, ...]:
    blocks = _json(page.result)
    if not isinstance(blocks, list):
        return ()
    return tuple(
        Pair(rendering.markdown(block["source"]), rendering.markdown(block["target"]), block.get("language"))
        for block in blocks
    )


def _json(text: str | None) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _evidence(page: PageRecord) -> dict[str, Mapping[str, Any]]:
    return {entry["path"]: entry for entry in _json(page.evidence) or ()}


def _places(
    page: PageRecord, boxes: Sequence[tuple[str, str, Box]], found: Mapping[str, Sequence[Box]]
) -> dict[str, Place]:
    """Put what is known of each value together: seen in the layer it is there, else the block that holds it."""
    wanted = wanted_places(page)
    places = {}
    for path, entry in _evidence(page).items():
        seen: Sighting = {True: "found", False: "missing"}.get(entry.get("in_text_layer"), "unknown")  # type: ignore[arg-type, assignment]  # null is a key that is not there
        at = tuple(found.get(path, ())) or tuple(_holding(wanted.get(path, ()), boxes))
        places[path] = Place(seen, entry.get("page"), entry.get("quote"), at)
    return places


def _holding(ways: Sequence[str], boxes: Sequence[tuple[str, str, Box]]) -> Iterator[Box]:
    for _, held, box in boxes:
        folded = held.casefold()
        if any(way.casefold() in folded for way in ways):
            yield box


def _layout(page: PageRecord) -> list[tuple[str, str, Box]]:
    """List the blocks of the page, where they are known."""
    if not (page.width and page.height):
        return []
    across, down = page.width, page.height
    return [
        (block.kind, block.text, (block.x0 / across, block.y0 / down, block.x1 / across, block.y1 / down))
        for block in page.blocks or ()
        if block.x0 is not None and block.y0 is not None and block.x1 is not None and block.y1 is not None
    ]


def _facts(page: PageRecord) -> Iterator[tuple[str, str]]:
    yield "model", page.model if page.response_model in {None, page.model} else f"{page.model} → {page.response_model}"
    yield "origin", page.origin or ""
    yield "operation", f"{page.operation} ({page.variant})" if page.variant else page.operation
    yield "language", " → ".join(filter(None, (page.language, page.target_language)))
    if page.calls:
        image = f" ({page.image_tokens:,})" if page.image_tokens else ""
        yield "tokens_in", f"{page.input_tokens:,}{image}"
        yield "tokens_out", f"{page.output_tokens:,}"
        yield "cost", money(page.cost, page.cost_known, page.currency)
        yield "calls", f"{page.calls:,}"
    yield "ocr_score", "" if page.ocr_score is None else f"{page.ocr_score:.2f}"
    yield "stop_reason", "" if page.stop_reason in {None, "stop"} else str(page.stop_reason)
    yield "finished_at", f"{page.finished_at:%Y-%m-%d %H:%M} UTC"
