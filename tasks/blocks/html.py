"""The little HTML that models write around a paragraph, turned into Markdown; tables stay HTML."""

from __future__ import annotations

import re
from html import unescape

_BEGINS = re.compile(r"\s*<(?:p|h[1-6]|ul|ol|li|b|i|strong|em|img|figure|span|a|sup|sub|div|hr|br)\b", re.IGNORECASE)
_TABLE = re.compile(r"(<table\b.*?(?:</table\s*>|\Z))", re.IGNORECASE | re.DOTALL)
_RULES = tuple(
    (re.compile(pattern, re.IGNORECASE | re.DOTALL), replacement)
    for pattern, replacement in (
        (r"<h([1-6])\b[^<>]*>\s*(.*?)\s*</h\1\s*>", lambda match: f"{'#' * int(match[1])} {match[2]}\n\n"),
        (r"<li\b[^<>]*>\s*(?:[•·*-]\s+)?", "- "),
        (r"</li\s*>\s*", "\n"),
        (r"</?(?:b|strong)\s*>", "**"),
        (r"</?(?:i|em)\s*>", "*"),
        (r"""<img\b[^<>]*?\balt\s*=\s*"([^"]*)"[^<>]*>""", r"\1"),
        (r"<br\s*/?>", "\n"),
        (r"</p\s*>\s*", "\n\n"),
        (r"</?(?:p|ul|ol|span|a|img|figure|figcaption|div|hr|section)\b[^<>]*>", ""),
    )
)
_BLANK_LINES = re.compile(r"\n{3,}")


def as_text(content: str) -> str:
    r"""Turn HTML into Markdown; what does not begin as HTML is Markdown already, and stays as it is.

    >>> as_text("<p>Lorem <b>ipsum</b> &amp; dolor</p>")
    'Lorem **ipsum** & dolor'
    >>> as_text("a < b, see <i>")
    'a < b, see <i>'
    """
    if not _BEGINS.match(content):
        return content.strip()
    pieces = _TABLE.split(content)
    text = "".join(piece if number % 2 else _converted(piece) for number, piece in enumerate(pieces))
    return _BLANK_LINES.sub("\n\n", text).strip()


def _converted(piece: str) -> str:
    for pattern, replacement in _RULES:
        piece = pattern.sub(replacement, piece)
    return unescape(piece)
