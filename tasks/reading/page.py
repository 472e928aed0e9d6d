"""The road of a page that is read here: its text layer, or its picture, or both; then reading order."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from schemas.documents import Document, PageFacts
from schemas.pixels import Size
from tasks.reading.attempts import attempt
from tasks.reading.lines import Line, covered, mean_score, reads_line_by_line, row_text, scaled, turned_back

if TYPE_CHECKING:
    from PIL import Image

    from tasks.drawing import PageSource
    from tasks.reading.layer import TextLayer
    from tasks.reading.layout import TextFormat
    from tasks.reading.ocr import Recognized

GLANCE_PIXELS = 500_000
"""Enough to measure a page's ink."""
READ_PIXELS = 1_810_000
"""A4 with a longer side of 1,600 pixels: a quarter cheaper than 2,000, and no less accurate."""
FINE_PIXELS = 4_400_000
"""What fine print is read at; a drawn A4 page at 200 dpi has a little less."""
NO_INK = 0.00001
"""A page with less ink is as good as white paper; looking for lines would be in vain."""
MARGINALIA = 0.1
"""Recognized writing below this share of the page's characters adds to the text layer and does not replace it."""
KEPT = 0.9
"""A layout that keeps less than this share of the text layer's letters and digits is not trusted."""


@dataclass(frozen=True, slots=True)
class PageReading:
    """What was read of a page, and how.

    `lines` are all that recognition saw, boxes in points of the page as displayed, with the illegible ones that are
    not in the text. `rotation` is by how many degrees clockwise the page had to be turned.
    """

    text: str
    origin: Literal["text_layer", "ocr"]
    facts: PageFacts
    ocr_score: float | None = None
    lines: tuple[Line, ...] = ()
    rotation: int = 0


def read_page(document: Document, page_no: int, text_format: TextFormat) -> PageReading:
    """Read one page.

    Raises:
        DocumentError: if the document cannot be opened or the page cannot be drawn.
    """
    from tasks.drawing import opened

    with opened(document) as source:
        return read_source(source, page_no, text_format)


def read_source(source: PageSource, page_no: int, text_format: TextFormat) -> PageReading:
    """Read one page of an open document."""
    from tasks.reading.layer import copied, text_layer

    with copied(source.pymupdf_page(page_no)) as page:
        layer = text_layer(page)
        if layer.doubt:
            return _recognize(source, page_no, page, layer, text_format)
        glance = source.picture(page_no, _within(source.natural_size(page_no), GLANCE_PIXELS))
        facts = source.facts(page_no, glance)
        text, notes = _layer_text(page, layer, (), text_format)
        return PageReading(text, "text_layer", _noted(facts, layer.rotation, *notes), rotation=layer.rotation)


def _recognize(
    source: PageSource, page_no: int, page: Any | None, layer: TextLayer, text_format: TextFormat
) -> PageReading:
    natural = source.natural_size(page_no)
    picture = source.picture(page_no, _within(natural, READ_PIXELS))
    facts = source.facts(page_no, picture)
    if facts.ink is not None and facts.ink < NO_INK:
        return PageReading("", "text_layer", facts)
    seen = _seen(picture, layer, facts)
    if seen.is_fine_print and _within(natural, FINE_PIXELS) != picture.size:
        seen = _seen(source.picture(page_no, _within(natural, FINE_PIXELS)), layer, facts)
    lines = _in_points(seen, facts)
    # A layer that reads another way than its picture belongs to something else.
    if page is not None and layer.lines and layer.rotation == seen.rotation:
        return _merged(page, layer, lines, facts, text_format)
    text, notes = _picture_text(seen, lines, facts, page is None, text_format)
    return _by_ocr(text, lines, lines, seen.rotation, facts, notes)


def _seen(picture: Image.Image, layer: TextLayer, facts: PageFacts) -> Recognized:
    """Look for writing: all of it, or where the layer tells much of it, only the rest, which costs less."""
    from tasks.reading.ocr import read_upright, read_without, turned

    if not layer.is_substantial:
        return read_upright(picture)
    upright = turned(picture, layer.rotation)
    width, height = _upright(layer.rotation, facts)
    known = scaled(layer.lines, upright.width / width, upright.height / height)
    return read_without(upright, known, layer.rotation)


def _merged(
    page: Any, layer: TextLayer, lines: Sequence[Line], facts: PageFacts, text_format: TextFormat
) -> PageReading:
    added = [line for line in lines if line.is_legible and not covered(line, layer.lines)]
    text, notes = _layer_text(page, layer, added, text_format)
    own, new = (sum(len(line.text) for line in some) for some in (layer.lines, added))
    if new > MARGINALIA * (new + own):
        return _by_ocr(text, lines, added, layer.rotation, facts, notes)
    noted = _noted(facts, layer.rotation, *notes)
    shown = _as_displayed(lines, layer.rotation, facts)
    return PageReading(text, "text_layer", noted, lines=shown, rotation=layer.rotation)


def _by_ocr(
    text: str, lines: Sequence[Line], weighed: Sequence[Line], rotation: int, facts: PageFacts, notes: tuple[str, ...]
) -> PageReading:
    from tasks.reading.ocr import SURE

    score = mean_score(weighed)
    if score is not None and score < SURE:
        notes = (*notes, f"recognition is unsure of what it read (mean score {score:.2f})")
    shown = _as_displayed(lines, rotation, facts)
    return PageReading(text, "ocr", _noted(facts, rotation, *notes), ocr_score=score, lines=shown, rotation=rotation)


def _layer_text(
    page: Any, layer: TextLayer, added: Sequence[Line], text_format: TextFormat
) -> tuple[str, tuple[str, ...]]:
    """Lay out what the page says of itself and what was recognized besides."""
    from tasks.reading.layer import without_unfit
    from tasks.reading.layout import laid_out_with

    without_unfit(page, layer)
    in_stream_order = page.get_text().strip()

    def whole() -> str:
        return "\n\n".join(part for part in (in_stream_order, row_text(added)) if part)

    return _ordered(lambda: laid_out_with(page, added, text_format), whole)


def _picture_text(
    seen: Recognized,
    lines: Sequence[Line],
    facts: PageFacts,
    is_picture: bool,
    text_format: TextFormat,
) -> tuple[str, tuple[str, ...]]:
    """Lay out what was recognized."""
    from tasks.reading.layout import laid_out_lines

    lines = [line for line in lines if line.is_legible]
    width, height = _upright(seen.rotation, facts)
    if reads_line_by_line(lines, width, height, picture=is_picture):
        return row_text(lines), ()
    return _ordered(lambda: laid_out_lines(lines, seen.picture, width, height, text_format), lambda: row_text(lines))


def _ordered(layout: Callable[[], str], plain: Callable[[], str]) -> tuple[str, tuple[str, ...]]:
    """Take the layout's text, unless it fails or loses writing: order is worth less than completeness."""
    fallback = plain()
    text, fault = attempt(layout)
    if text is None:
        return fallback, (f"no layout, text in the order it stands in: {fault}",)
    if _letters(text) < KEPT * _letters(fallback):
        return fallback, ("the layout left writing out, text in the order it stands in",)
    return text, ()


def _letters(text: str) -> int:
    return sum(character.isalnum() for character in text)


def _within(natural: Size, pixels: int) -> Size:
    """Shrink a size to so many pixels."""
    scale = min(1.0, math.sqrt(pixels / (natural.width * natural.height)))
    return Size(max(1, round(natural.width * scale)), max(1, round(natural.height * scale)))


def _upright(rotation: int, facts: PageFacts) -> tuple[float, float]:
    return (facts.width, facts.height) if rotation % 180 == 0 else (facts.height, facts.width)


def _in_points(seen: Recognized, facts: PageFacts) -> list[Line]:
    width, height = _upright(seen.rotation, facts)
    return scaled(seen.lines, width / seen.picture.width, height / seen.picture.height)


def _as_displayed(lines: Sequence[Line], rotation: int, facts: PageFacts) -> tuple[Line, ...]:
    return tuple(replace(line, box=turned_back(line.box, rotation, facts.width, facts.height)) for line in lines)


def _noted(facts: PageFacts, rotation: int, *notes: str) -> PageFacts:
    turned = (f"read turned by {rotation} degrees",) if rotation else ()
    return replace(facts, notes=(*facts.notes, *turned, *notes))
