"""Blocks written down as Markdown, and the marks by which what belongs to the paper can be dropped again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from schemas.blocks import FURNITURE, Block

ASKED = """\
- Set the running header, the running footer and the page number each on a line of its own, as <header>...</header>,
  <footer>...</footer> and <page_number>...</page_number>."""
"""How the marks are asked for, as an item of a prompt."""
SHOWN = frozenset({"figure", "stamp", "signature"})
"""Blocks that are looked at rather than read: their text says what they show."""
LONGEST = 1_000
"""Characters of a header or footer at most; more than that is the page itself behind a mark that was not closed."""

_MARKED = re.compile(
    rf"[ \t]*<({'|'.join(sorted(FURNITURE))})>(?:(?!</?\1>).){{0,{LONGEST}}}</\1>[ \t]*(?:\n|\Z)?", re.DOTALL
)
_FORMS: Mapping[str, tuple[str | tuple[str, ...], str]] = {
    "title": ("#", "# {}"),
    "heading": ("#", "## {}"),
    "formula": (("$", "\\[", "\\("), "$$\n{}\n$$"),
    "code": ("```", "```\n{}\n```"),
}
"""By what a block of a kind is known to be written down already, and how it is otherwise."""
_GAP = re.compile(r"\n{3,}")


def without_furniture(text: str) -> str:
    r"""Drop header, footer and page number, where they are marked.

    >>> without_furniture("<header>ACME Ltd</header>\n\n# Offer\n\n<page_number>3</page_number>")
    '# Offer'
    """
    if not _MARKED.search(text):
        return text
    return _GAP.sub("\n\n", _MARKED.sub("", text)).strip("\n")


def as_markdown(blocks: Iterable[Block]) -> str:
    """Write blocks down in their order; lines that are a part of nothing larger stand below each other."""
    written = ""
    before = ""
    for block in blocks:
        text = _written(block)
        if text:
            gap = "\n" if block.kind == before == "line" else "\n\n"
            written += (gap if written else "") + text
            before = block.kind
    return written


def _written(block: Block) -> str:
    text = block.text.strip()
    if block.kind in SHOWN:
        return _shown(block.kind, text)
    if not text:
        return ""
    if block.kind in FURNITURE:
        return f"<{block.kind}>{' '.join(text.split())}</{block.kind}>"
    if block.kind in _FORMS:
        marks, form = _FORMS[block.kind]
        return text if text.startswith(marks) else form.format(text)
    return text


def _shown(kind: str, text: str) -> str:
    """Name a figure in one line; writing that stands in it, such as a table, stays as it is."""
    if text.startswith(("![", "<table")) or "\n" in text:
        return text
    return f"![{kind}: {text}]" if text else f"![{kind}]"
