"""Arithmetic that refuses a page before anything of it is decoded."""

from __future__ import annotations

from schemas.errors import DocumentTooLarge, RenderFailed

MAX_SOURCE_PIXELS = 300_000_000
"""The largest picture that is decoded: A4 at 1,200 dpi has 139 million pixels, A0 at 300 dpi 140 million."""


def guard_pixels(width: float, height: float) -> None:
    """Refuse a picture that would decode to more than `MAX_SOURCE_PIXELS`.

    Raises:
        DocumentTooLarge: if it would.
    """
    if width * height > MAX_SOURCE_PIXELS:
        msg = (
            f"a picture of {width:.0f} x {height:.0f} pixels is {width * height / 1e6:,.0f} million; "
            f"at most {MAX_SOURCE_PIXELS / 1e6:.0f} million are decoded"
        )
        raise DocumentTooLarge(msg)


def page_index(page_no: int, page_count: int) -> int:
    """Turn our page number into a parser's index, the one place where counting from 1 meets counting from 0.

    Raises:
        RenderFailed: if the document has no such page.
    """
    if not 1 <= page_no <= page_count:
        msg = f"there is no page {page_no}: the document has {page_count}"
        raise RenderFailed(msg)
    return page_no - 1
