"""Putting a page's text in reading order, with headings and tables, by PyMuPDF's layout model."""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from tasks.reading.lines import Box, Line
from tasks.reading.tables import as_markdown, filled

if TYPE_CHECKING:
    import pymupdf
    from PIL import Image

TextFormat = Literal["markdown", "plain"]

FONT = "lines"
DESCENT = 0.2
"""The part of a line's height that lies below the base line."""
BACKGROUND_QUALITY = 60
"""The picture under recognized lines shows the layout model where figures and rules are; no one reads it."""

_CJK = r"\u3000-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uff00-\uffef"
_CJK_GAP = re.compile(rf"(?<=[{_CJK}]) (?=[{_CJK}])")
_PICTURE_TEXT = re.compile(r"<!-- Start of picture text -->\n(.*?)<!-- End of picture text -->", re.DOTALL)
_BLANK_LINES = re.compile(r"\n{3,}")


def laid_out(page: pymupdf.Page, text_format: TextFormat) -> str:
    """Give the text of a one-page document in reading order. Changes the page: hand in a copy."""
    with redirect_stdout(io.StringIO()):
        parsed = _parser()(page.parent, use_ocr=False, force_text=True)
        _fill_tables(page, parsed.pages[0].boxes)
        if text_format == "plain":
            return _tidied("\n\n".join(_plain(parsed.pages[0])))
        markdown = parsed.to_markdown()
    return _tidied(_CJK_GAP.sub("", _PICTURE_TEXT.sub(_unmarked, markdown)))


def laid_out_lines(
    lines: Sequence[Line], picture: Image.Image, width: float, height: float, text_format: TextFormat
) -> str:
    """Give recognized lines (boxes in points) in reading order, as they stand on a page of *width* x *height*."""
    import pymupdf

    with pymupdf.open() as document:
        page = document.new_page(width=width, height=height)
        page.insert_image(page.rect, stream=_encoded(picture))
        return laid_out_with(page, lines, text_format)


def laid_out_with(page: pymupdf.Page, lines: Sequence[Line], text_format: TextFormat) -> str:
    """Give the page's text together with recognized lines (boxes in points). Changes the page."""
    import pymupdf

    font = pymupdf.Font("cjk")
    used = set(page.get_text()).union(*(line.text for line in lines))
    stand_ins = _stand_ins(used, {c for line in lines for c in line.text if not font.has_glyph(ord(c))})
    there = str.maketrans("".join(stand_ins), "".join(stand_ins.values()))
    back = str.maketrans("".join(stand_ins.values()), "".join(stand_ins))
    page.insert_font(fontname=FONT, fontbuffer=font.buffer)
    for line in lines:
        _set(page, font, replace(line, text=line.text.translate(there)))
    return laid_out(page, text_format).translate(back)


def _stand_ins(used: set[str], missing: set[str]) -> dict[str, str]:
    """Let each character that the font cannot show travel as a letter that is not used otherwise."""
    free = (c for c in map(chr, range(0xD7A3, 0xAC00, -1)) if c not in used)
    return dict(zip(sorted(missing), free, strict=False))


def _encoded(picture: Image.Image) -> bytes:
    encoded = io.BytesIO()
    picture.convert("RGB").save(encoded, "JPEG", quality=BACKGROUND_QUALITY)
    return encoded.getvalue()


def _set(page: pymupdf.Page, font: pymupdf.Font, line: Line) -> None:
    import pymupdf

    box = pymupdf.Rect(line.box)
    length = font.text_length(line.text, box.height)
    if not line.text.strip() or box.is_empty or not length:
        return
    page.insert_text(
        box.bl - (0, DESCENT * box.height),
        line.text,
        fontname=FONT,
        fontsize=box.height,
        morph=(box.bl, pymupdf.Matrix(box.width / length, 1)),
    )


def _fill_tables(page: pymupdf.Page, boxes: Sequence[Any]) -> None:
    """Put whole words into the tables' grids; the library cuts them at the lines that its model sees."""
    import pymupdf

    # Boxes by font overlap where lines are set tightly; boxes by ink do not.
    flags = pymupdf.TEXTFLAGS_WORDS | pymupdf.TEXT_ACCURATE_BBOXES
    words = [Line(word[4], word[:4]) for word in page.get_text("words", flags=flags)]
    for box in boxes:
        if not box.table or not box.table["cells"]:
            continue
        inside = [word for word in words if _is_inside(word, (box.x0, box.y0, box.x1, box.y1))]
        box.table["extract"] = filled(box.table["cells"], inside)
        box.table["markdown"] = as_markdown(box.table["extract"])


def _is_inside(word: Line, box: Box) -> bool:
    x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _plain(page: Any) -> Iterator[str]:
    """List the blocks: a line of the page a line, cells of a table between tabs."""
    for box in page.boxes:
        if box.table:
            cells = box.table["extract"] or []
            yield "\n".join("\t".join(" ".join(cell.split()) for cell in row) for row in cells)
        elif box.textlines:
            yield "\n".join(" ".join(span["text"].strip() for span in line["spans"]) for line in box.textlines)


def _unmarked(match: re.Match[str]) -> str:
    return match[1].replace("<br>", "\n")


def _tidied(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.splitlines())
    return _BLANK_LINES.sub("\n\n", lines).strip()


@cache
def _parser() -> Any:
    """Load the layout model, once a process; it and PyMuPDF report to logging, never to standard output."""
    import pymupdf

    pymupdf.set_messages(pylogging_logger=logging.getLogger(__name__), pylogging_level=logging.DEBUG)
    with redirect_stdout(io.StringIO()):
        from pymupdf4llm.helpers.document_layout import parse_document
    return parse_document
