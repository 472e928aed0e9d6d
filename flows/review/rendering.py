"""What was read, as HTML that can do nothing: Markdown rendered, tables as tables, everything else as text. Pure.

All of it comes from strangers' documents. Two walls stand one behind the other: tags that are not of the few below are
written as text, and what is left is cleaned by a parser of its own. The page's content security policy is the third.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, MutableMapping, Sequence
from html import escape
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

MOST = 100_000
"""Characters of a page beyond which it is shown as it is: no page of print has so many."""
SPAN = 200
"""Rows or columns that one cell may span: more is a mistake, or meant to harm."""

_TABLE = {"table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption"}
_INLINE = {"br", "sub", "sup", "u", "b", "i", "em", "strong", "s", "del"}
_OURS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "hr"}
_CELL = {"rowspan", "colspan", "align"}
_ATTRIBUTES = {"td": _CELL, "th": _CELL, "ol": {"start"}}
_EDGE = re.compile(r"<(?P<close>/?)table\b[^<>]*>", re.IGNORECASE)


def markdown(text: str) -> str:
    """Render a page's Markdown with its HTML tables. Links and images stay as they are written: nothing is fetched."""
    if len(text) > MOST:
        return plain(text)
    rendered, at = [], 0
    for start, end in _tables(text):
        rendered += [_PARSER.render(text[at:start]), _STRANGE_IN_TABLES.sub("&lt;", text[start:end])]
        at = end
    return _clean("".join([*rendered, _PARSER.render(text[at:])]))


def plain(text: str) -> str:
    """Show a text as it is, line by line."""
    return f"<pre>{escape(text)}</pre>"


def _tables(text: str) -> Iterator[tuple[int, int]]:
    """Find the whole tables of a text, each outermost one; what is open at the end is none."""
    opened: list[int] = []
    closed: list[tuple[int, int]] = []
    for edge in _EDGE.finditer(text):
        if not edge["close"]:
            opened.append(edge.start())
        elif opened:
            start = opened.pop()
            while closed and closed[-1][0] > start:
                closed.pop()
            closed.append((start, edge.end()))
    yield from closed


def _strange(known: Iterable[str]) -> re.Pattern[str]:
    """Find what begins like a tag and is none of those *known*."""
    return re.compile(rf"<(?!/?(?:{'|'.join(sorted(known))})\b[^<>]*>)", re.IGNORECASE)


_STRANGE_IN_TABLES, _STRANGE = _strange(_TABLE | _INLINE), _strange(_INLINE)


def _clean(html: str) -> str:
    return nh3.clean(
        html,
        tags=_TABLE | _INLINE | _OURS,
        attributes=_ATTRIBUTES,
        attribute_filter=_attribute,
        clean_content_tags=set(),
        link_rel=None,
    )


def _attribute(_tag: str, name: str, value: str) -> str | None:
    if name == "align":
        return value if value in {"left", "center", "right"} else None
    return value if value.isdecimal() and (name == "start" or int(value) <= SPAN) else None


def _strange_as_text(
    _renderer: object, tokens: Sequence[Token], at: int, _options: OptionsDict, _env: MutableMapping[str, Any]
) -> str:
    return _STRANGE.sub("&lt;", tokens[at].content)


def _aligned(state: StateCore) -> None:
    """Say with an attribute what the parser says with a style, which the page's policy does not allow."""
    for token in state.tokens:
        if token.type in {"th_open", "td_open"} and (style := token.attrs.pop("style", None)):
            token.attrs["align"] = str(style).removeprefix("text-align:")


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": True, "breaks": True}).enable(["table", "strikethrough"])
    # An indented line of a page is no code, and `[1]: what follows` is a footnote that would vanish.
    parser.disable(["code", "reference", "link", "image", "autolink", "html_block"])
    parser.add_render_rule("html_inline", _strange_as_text)
    parser.core.ruler.push("aligned", _aligned)
    return parser


_PARSER = _parser()
