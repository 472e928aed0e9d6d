"""Whether a page's text layer can be taken at its word, and the lines in it that can."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasks.reading.attempts import attempt
from tasks.reading.lines import Line, covered

if TYPE_CHECKING:
    import pymupdf

GARBAGE_SHARE = 0.02
"""From this share of characters without a meaning on, the layer's encoding is broken; below, it is a stray symbol."""
VOWEL_SHARE = 0.2
"""Latin letters with fewer vowels spell nothing: 162 real pages have 0.36 or more, wrongly mapped ones up to 0.13."""
VOWEL_PROOF = 200
"""How many letters it takes to tell."""
STAMP_CHARS = 100
"""A page that is mostly picture and has no more writing than this carries a stamp or a page number."""
MOSTLY_PICTURE = 0.5
WRONG_LETTERS = "letters that spell no words"

# A single character of a private area is a bullet; a run of them is writing in a font without a mapping.
_GARBAGE = re.compile(r"\ufffd|[\x00-\x08\x0b\x0e-\x1f]|[\ue000-\uf8ff]{2,}|\(cid:\d+\)")
_TEXT_BLOCK = 0
_Span = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TextLayer:
    """What a page's own text is worth.

    `lines` are its visible lines with a meaning, `unfit` the others. `doubt` says why the lines are
    not all that stands on the page; it is empty where they are. `rotation` is how the page was turned, clockwise,
    so that its text stands upright.
    """

    lines: tuple[Line, ...] = ()
    unfit: tuple[Line, ...] = ()
    doubt: str = ""
    rotation: int = 0

    @property
    def is_substantial(self) -> bool:
        """Whether the lines are more than a stamp upon something else."""
        return sum(len(line.text) for line in self.lines) >= STAMP_CHARS


@contextmanager
def copied(page: pymupdf.Page | None) -> Iterator[pymupdf.Page | None]:
    """Give the page as the only one of a document of its own, to be changed at will; None where that fails."""
    document = None if page is None else attempt(lambda: _copy(page))[0]
    try:
        yield None if document is None else document[0]
    finally:
        if document is not None:
            document.close()


def _copy(page: pymupdf.Page) -> pymupdf.Document:
    import pymupdf

    source = page.parent
    if not source.is_pdf:
        return pymupdf.open("pdf", source.convert_to_pdf(from_page=page.number, to_page=page.number))
    copy = pymupdf.open()
    copy.insert_pdf(source, from_page=page.number, to_page=page.number)
    return copy


def text_layer(page: pymupdf.Page | None) -> TextLayer:
    """Weigh a page's text layer; turns the page upright."""
    if page is None:
        return TextLayer(doubt="a picture")
    layer, fault = attempt(lambda: _weighed(page))
    return layer or TextLayer(doubt=fault)


def _weighed(page: pymupdf.Page) -> TextLayer:
    from pymupdf4llm.ocr.analyze_page import FLAGS, analyze_page

    page.remove_rotation()
    # With these flags a glyph of unknown meaning is U+FFFD, not the number that the font gives it.
    blocks = page.get_text("dict", flags=FLAGS)["blocks"]
    rotation = _sideways(blocks)
    if rotation:
        page.set_rotation(rotation)
        page.remove_rotation()
        blocks = page.get_text("dict", flags=FLAGS)["blocks"]
    spans = [span for line in _lines(blocks) for span in line["spans"] if span["text"].strip()]
    doubt = _doubt(spans, analyze_page(page, blocks))
    fit: list[Line] = []
    unfit: list[Line] = []
    for span in spans:
        bad = doubt == WRONG_LETTERS or _is_hidden(span) or _garbage(span["text"])
        (unfit if bad else fit).append(Line(span["text"], tuple(span["bbox"])))
    return TextLayer(tuple(fit), tuple(unfit), doubt, rotation)


def without_unfit(page: pymupdf.Page, layer: TextLayer) -> None:
    """Take the text without a meaning off the page, but where that would take good text with it."""
    import pymupdf

    unfit = [line for line in layer.unfit if not covered(line, layer.lines)]
    for line in unfit:
        page.add_redact_annot(line.box)
    if unfit:
        page.apply_redactions(
            images=pymupdf.PDF_REDACT_IMAGE_NONE,
            graphics=pymupdf.PDF_REDACT_LINE_ART_NONE,
            text=pymupdf.PDF_REDACT_TEXT_REMOVE,
        )


def _doubt(spans: Sequence[_Span], analysis: Mapping[str, Any]) -> str:
    visible = "".join(span["text"].strip() for span in spans if not _is_hidden(span))
    hidden = "".join(span["text"].strip() for span in spans if _is_hidden(span))
    if not visible:
        return "hidden text only" if hidden else "no text"
    if _garbage(visible) > GARBAGE_SHARE * len(visible):
        return "characters without a meaning"
    if _is_misspelt(visible):
        return WRONG_LETTERS
    if len(hidden) > len(visible):
        return "mostly hidden text"
    if analysis["img_area"] > MOSTLY_PICTURE and len(visible) < STAMP_CHARS:
        return "a picture with a stamp"
    return "writing in pictures or outlines" if analysis["needs_ocr"] else ""


def _lines(blocks: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for block in blocks:
        if block["type"] == _TEXT_BLOCK:
            yield from block["lines"]


def _sideways(blocks: Sequence[Mapping[str, Any]]) -> int:
    """Say by how many degrees clockwise the page must be turned for most of its text to run from left to right."""
    directions: Counter[int] = Counter()
    for line in _lines(blocks):
        cosine, sine = (round(part) for part in line["dir"])
        rotation = {(1, 0): 0, (0, -1): 90, (-1, 0): 180, (0, 1): 270}.get((cosine, sine), 0)
        directions[rotation if line["wmode"] == 0 else 0] += sum(len(span["text"]) for span in line["spans"])
    return directions.most_common(1)[0][0] if directions else 0


def _is_hidden(span: _Span) -> bool:
    import pymupdf

    painted = pymupdf.mupdf.FZ_STEXT_FILLED | pymupdf.mupdf.FZ_STEXT_STROKED
    return span["alpha"] == 0 or not span["char_flags"] & painted


def _garbage(text: str) -> int:
    return sum(len(found) for found in _GARBAGE.findall(text))


def _is_misspelt(text: str) -> bool:
    letters = [c for c in unicodedata.normalize("NFKD", text).lower() if "a" <= c <= "z"]
    return len(letters) >= VOWEL_PROOF and sum(c in "aeiouy" for c in letters) < VOWEL_SHARE * len(letters)
