"""A sheet of paper that remembers what was written on it: the picture and the truth have one source."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import pymupdf

Align = Literal["left", "right", "centre"]

CJK = pymupdf.Font("cjk")
FONTS = {name: pymupdf.Font(name) for name in ("helv", "hebo", "tiro", "tibo", "tiit", "cour", "cobo")}
RUNS = re.compile(r"[\x00-\xff]+|[^\x00-\xff]+")
TOKENS = re.compile(r"[^\x00-\xff][，。；：、）》”]*|[\x21-\xff]+\s*|\s+")
INK = (0.07, 0.07, 0.1)
A4 = (595, 842)


class Cell(NamedTuple):
    """Words at a place in a row."""

    x: float
    text: str
    align: Align = "left"


@dataclass
class Sheet:
    """One page in the making. `said` is what a reader would type off it, line by line."""

    size: tuple[float, float] = A4
    latin: str = "helv"
    ink: tuple[float, float, float] = INK
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.document = pymupdf.open()
        self.page = self.document.new_page(width=self.size[0], height=self.size[1])
        self.page.insert_font(fontname="cjk", fontbuffer=CJK.buffer)

    def length(self, text: str, size: float, font: str = "") -> float:
        """Measure a line in points."""
        return sum(self._font(run, font)[1].text_length(run, size) for run in RUNS.findall(text))

    def put(self, x: float, y: float, text: str, size: float = 10, *, font: str = "", align: Align = "left") -> None:
        """Write a line without saying it."""
        x -= {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * self.length(text, size, font)
        for run in RUNS.findall(text):
            name, measure = self._font(run, font)
            self.page.insert_text((x, y), run, fontname=name, fontsize=size, color=self.ink)
            x += measure.text_length(run, size)

    def line(self, x: float, y: float, text: str, size: float = 10, *, font: str = "", align: Align = "left") -> None:
        """Write and say a line."""
        self.put(x, y, text, size, font=font, align=align)
        self.said.append(text)

    def row(self, y: float, cells: Sequence[Cell], size: float = 9.5, *, font: str = "") -> None:
        """Write the cells of one row and say them as one line."""
        for cell in cells:
            self.put(cell.x, y, cell.text, size, font=font, align=cell.align)
        self.said.append(" ".join(cell.text for cell in cells))

    def prose(
        self, x: float, y: float, width: float, text: str, size: float = 10, *, font: str = "", leading: float = 1.4
    ) -> float:
        """Write a paragraph, say it as one line, and give the baseline below it."""
        for line in self._wrap(text, width, size, font):
            self.put(x, y, line, size, font=font)
            y += size * leading
        self.said.append(text)
        return y

    def rule(self, x0: float, y0: float, x1: float, y1: float, width: float = 0.6) -> None:
        """Draw a line."""
        self.page.draw_line((x0, y0), (x1, y1), color=self.ink, width=width)

    def box(self, x0: float, y0: float, x1: float, y1: float, *, fill: float | None = None) -> None:
        """Draw a frame, or a grey area without one."""
        grey = None if fill is None else (fill, fill, fill)
        self.page.draw_rect((x0, y0, x1, y1), color=None if grey else self.ink, fill=grey, width=0.6)

    def _font(self, run: str, font: str) -> tuple[str, pymupdf.Font]:
        if ord(run[0]) > 0xFF:
            return "cjk", CJK
        name = font or self.latin
        return name, FONTS[name]

    def _wrap(self, text: str, width: float, size: float, font: str) -> list[str]:
        lines = [""]
        for token in TOKENS.findall(text):
            if lines[-1] and self.length((lines[-1] + token).rstrip(), size, font) > width:
                lines.append("")
            lines[-1] += token
        return [line.rstrip() for line in lines]


def bind(sheets: Sequence[Sheet], **metadata: str) -> bytes:
    """Make one PDF of sheets: fonts cut down to what is used, the same bytes each time."""
    document = pymupdf.open()
    for sheet in sheets:
        document.insert_pdf(sheet.document)
    document.set_metadata({"producer": "made for the samples", "creationDate": "D:20260401090000Z", **metadata})
    document.subset_fonts()
    return document.tobytes(garbage=4, deflate=True, clean=True, no_new_id=True)


def picture(sheet: Sheet, dpi: int) -> pymupdf.Pixmap:
    """Render a sheet in grey."""
    return sheet.page.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
