"""Blocks out of an answer, in the forms in which models give them: HTML with boxes, a JSON list, references."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from schemas.blocks import BLOCK_KINDS, Block
from schemas.errors import MalformedAnswer
from tasks.blocks.html import as_text

_OPENING = re.compile(
    r"<(div|p|h[1-6]|table|ul|ol|li|img|figure|section)\b((?:[^<>\"']|\"[^\"]*\"|'[^']*')*?\bdata-bbox\s*=(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)>",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r"([a-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_REFERENCE = re.compile(r"<\|ref\|>(.{1,40}?)<\|/ref\|><\|det\|>(.{1,200}?)<\|/det\|>")
_SHELL = re.compile(r"</?(?:html|body)\b[^<>]*>|<!doctype[^<>]*>", re.IGNORECASE)
_BOX_NAMES = ("bbox_2d", "bbox", "box", "box_2d")
_KIND_NAMES = ("category", "type", "label", "kind", "class")
_TEXT_NAMES = ("text", "content", "text_content", "html", "latex", "caption")
_BY_TAG = {
    "h1": "title",
    **dict.fromkeys(("h2", "h3", "h4", "h5", "h6"), "heading"),
    **dict.fromkeys(("ul", "ol", "li"), "list"),
    **dict.fromkeys(("img", "figure"), "figure"),
    "table": "table",
}
_BY_NAME = {
    **dict.fromkeys(("sectionheader", "subtitle", "subheading", "sectiontitle"), "heading"),
    **dict.fromkeys(("documenttitle", "doctitle"), "title"),
    **dict.fromkeys(("paragraph", "plaintext", "reference", "abstract"), "text"),
    **dict.fromkeys(("listitem", "listgroup", "tableofcontents", "bibliography"), "list"),
    **dict.fromkeys(("picture", "image", "chart", "diagram", "photo", "logo", "barcode", "qrcode"), "figure"),
    **dict.fromkeys(("equation", "equationblock", "isolateformula", "displayformula"), "formula"),
    **dict.fromkeys(("tablecaption", "figurecaption", "imagecaption", "picturecaption"), "caption"),
    **dict.fromkeys(("pageheader", "runningheader"), "header"),
    **dict.fromkeys(("pagefooter", "runningfooter"), "footer"),
    **dict.fromkeys(("pagenumber", "pageno", "folio"), "page_number"),
    **dict.fromkeys(("tablefootnote", "pagefootnote", "note"), "footnote"),
    **dict.fromkeys(("codeblock", "algorithm"), "code"),
    **dict.fromkeys(("field", "keyvalue", "checkbox"), "form"),
    **dict.fromkeys(("seal", "officialseal"), "stamp"),
    **dict.fromkeys(("textline", "word"), "line"),
} | {name.replace("_", ""): name for name in BLOCK_KINDS}


def parse_blocks(text: str) -> tuple[Block, ...]:
    """Read the blocks of an answer, boxes in the model's own words; writing outside of any block is a text of its own.

    A cut answer gives the blocks that it has; of the last, what there is.

    Raises:
        MalformedAnswer: if there are none.
    """
    found = tuple(_out_of_json(text)) or tuple(_out_of_html(text)) or tuple(_out_of_references(text))
    if not any(block.x0 is not None for block in found):
        raise MalformedAnswer("the answer holds no blocks with boxes")
    return found


def kind_of(name: str) -> str:
    """Give our word for what a model calls a block; what is not known is text.

    >>> kind_of("Section-Header"), kind_of("list_item"), kind_of("poem")
    ('heading', 'list', 'text')
    """
    return _BY_NAME.get(re.sub(r"[^a-z]", "", name.lower()), "text")


def _out_of_html(text: str) -> Iterator[Block]:
    for opening, inner in _pieces(_OPENING, _SHELL.sub("", text)):
        if opening is None:
            yield Block("text", inner)
            continue
        tag, said = opening[1].lower(), _attributes(opening[2])
        content, behind = _content(tag, inner)
        kind = kind_of(said.get("class") or said.get("data-label") or _BY_TAG.get(tag, "text"))
        yield _block(kind, content or said.get("alt", ""), said["data-bbox"])
        if behind:
            yield Block("text", behind)


def _out_of_references(text: str) -> Iterator[Block]:
    for opening, inner in _pieces(_REFERENCE, text):
        yield Block("text", inner) if opening is None else _block(kind_of(opening[1]), inner, opening[2])


def _pieces(opening: re.Pattern[str], text: str) -> Iterator[tuple[re.Match[str] | None, str]]:
    """Cut a text before each opening; what stands before the first has none."""
    found = list(opening.finditer(text))
    if found and (before := text[: found[0].start()].strip()):
        yield None, before
    for match, end in zip(found, [*(it.start() for it in found[1:]), len(text)], strict=False):
        yield match, text[match.end() : end].strip()


def _content(tag: str, inner: str) -> tuple[str, str]:
    """Split what stands behind an opening tag: what belongs to it, and what stands behind its closing tag."""
    closing = f"</{tag}>"
    at = inner.lower().rfind(closing)
    content, behind = (inner[:at], inner[at + len(closing) :].strip()) if at >= 0 else (inner, "")
    if tag == "table":
        return f"<table>{content.strip()}</table>", behind
    return as_text(content if tag in {"div", "section"} else f"<{tag}>{content}</{tag}>"), behind


def _attributes(inside: str) -> dict[str, str]:
    return {name.lower(): unescape(a or b or c) for name, a, b, c in _ATTRIBUTE.findall(inside)}


def _out_of_json(text: str) -> Iterator[Block]:
    """Read a list of objects, or as many of its objects as came whole."""
    start = text.find("[")
    if start < 0 or text[:start].strip(" \n\t`json"):
        return
    decoder, at = json.JSONDecoder(), start + 1
    while (at := text.find("{", at)) >= 0:
        try:
            entry, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return
        if isinstance(entry, Mapping):
            yield _entry(entry)


def _entry(entry: Mapping[str, Any]) -> Block:
    box = next((entry[name] for name in _BOX_NAMES if entry.get(name)), None)
    kind = next((str(entry[name]) for name in _KIND_NAMES if entry.get(name)), "text")
    said = next((str(entry[name]) for name in _TEXT_NAMES if entry.get(name)), "")
    return _block(kind_of(kind), said, json.dumps(box) if isinstance(box, list) else "")


def _block(kind: str, text: str, box: str) -> Block:
    numbers = [float(number) for number in _NUMBER.findall(box)]
    if len(numbers) != 4:  # noqa: PLR2004 - left, top, right, bottom
        return Block(kind, text.strip())
    return Block(kind, text.strip(), *numbers)
