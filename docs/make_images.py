"""Draw the README's picture: a scanned page beside what was read from it. `python docs/make_images.py RESULTS`."""

from __future__ import annotations

import html
import sys
from pathlib import Path

import pandas as pd
import pymupdf

ROOT = Path(__file__).parents[1]
NAME = "invoices/invoice-MF-20417-scan.pdf"
PAGE = pymupdf.Rect(0, 0, 1180, 540)
LEFT, RIGHT = pymupdf.Rect(24, 24, 580, 516), pymupdf.Rect(600, 24, 1156, 516)
INSIDE = pymupdf.Rect(614, 34, 1146, 506)
SHOWN = 0.625
"""The upper part of the page, which is where the writing is."""


def draw(results: Path, target: Path) -> None:
    """Put the page on the left, its row's text on the right."""
    pages = pd.read_parquet(results / "pages")
    row = pages[(pages["name"] == NAME) & (pages["page_no"] == 1)].iloc[0]
    with pymupdf.open(ROOT / "data" / "samples" / NAME) as scan, pymupdf.open() as drawn:
        page = drawn.new_page(width=PAGE.width, height=PAGE.height)
        page.draw_rect(PAGE, color=None, fill=(0.93, 0.94, 0.96))
        page.draw_rect(RIGHT, color=(0.75, 0.78, 0.82), fill=(1, 1, 1))
        upper = scan[0].rect
        page.show_pdf_page(LEFT, scan, 0, clip=pymupdf.Rect(0, 0, upper.width, upper.height * SHOWN))
        lines = html.escape(row["text"]).split("\n")
        style = "<style>p {font-family: monospace; font-size: 12px; line-height: 1.3; margin: 0 0 2px}</style>"
        written = "".join(f"<p>{line or '&nbsp;'}</p>" for line in lines)
        page.insert_htmlbox(INSIDE, style + written)
        page.get_pixmap(dpi=96).save(target)


if __name__ == "__main__":
    draw(Path(sys.argv[1]), ROOT / "docs" / "images" / "page-and-text.png")
