"""Documents for those who look into results, and what the emulated service reads of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pymupdf

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from tests.emulator.question import Question

HOSTILE_NAME = "=1+1 [bold]x\x1b[31m\n.pdf"
HOSTILE_TEXT = '=HYPERLINK("http://127.0.0.1/", "pay")\x1b[31m <script>alert(1)</script> [bold]not bold[/bold]'
TABLE = "<table><tr><th>item</th><th>价格</th></tr><tr><td>paper</td><td>12.50</td></tr></table>"
ANSWERS = {
    144: "# Contract\n\nBetween **A** and B.",
    216: f"Prices:\n\n{TABLE}\n\nThey hold until June.",
    288: "<blank/>",
    360: "Invoice 2026-0041, 合计 41.20",
    432: "I'm sorry, I can't read this.",
    504: HOSTILE_TEXT,
}
"""What is read of a page, by its width in points: no two pages have the same."""


def drawn(path: Path, *widths: int) -> Path:
    """A PDF of pages of these widths, with a bar of ink on all but the blank one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open() as document:
        for width in widths:
            page = document.new_page(width=width, height=72)
            if ANSWERS[width] != "<blank/>":
                page.draw_rect((10, 20, width - 10, 40), fill=(0, 0, 0))
        document.save(path)
    return path


def read(image: Image.Image, question: Question) -> str:
    return ANSWERS[min(ANSWERS, key=lambda width: abs(width * 200 / 72 - image.width))]


def fill(source: Path) -> None:
    """Five documents of seven pages, two of them the same bytes, one of them broken."""
    contract = drawn(source / "contracts" / "a.pdf", 144, 216, 288)
    (source / "contracts" / "copy.pdf").write_bytes(contract.read_bytes())
    drawn(source / "invoices" / "a.pdf", 360, 432)
    drawn(source / HOSTILE_NAME, 504)
    (source / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
