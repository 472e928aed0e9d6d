"""What a model says of a page besides its text: one short line that it is asked to begin with."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from schemas.blocks import Look
from schemas.languages import parse_tag

ASKED = """\
- Begin with one line of the form <page lang="en" turn="0" tables="no" handwriting="no"/>: the main language (BCP 47);
  by how many degrees (0, 90, 180, 270) the page must be turned clockwise for its writing to stand upright; whether it
  holds a table, and whether handwriting."""
"""How it is asked for, as an item of a prompt; it takes some 80 tokens, and the answer 20."""
TURNS = frozenset({0, 90, 180, 270})

_LINE = re.compile(r"\A\s*(?:<!--\s*)?<page\b([^<>\n]*)>(?:\s*-->)?(?:\s*</page>)?[ \t]*\n?")
_ATTRIBUTE = re.compile(r"""([a-z]+)\s*=\s*["']?([^"'\s/>]*)""", re.IGNORECASE)
_ANSWERS = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True)
class Told:
    """What the answer says of its page, and its text without that."""

    text: str
    language: str | None = None
    look: Look = field(default_factory=Look)


def told(text: str) -> Told:
    r"""Take the line off an answer; without one, nothing was told.

    >>> told('<page lang="de" turn="90" tables="yes" handwriting="?"/>\n# Vertrag').look.turn
    90
    """
    match = _LINE.match(text)
    if match is None:
        return Told(text)
    said = {name.lower(): value for name, value in _ATTRIBUTE.findall(match[1])}
    look = Look(
        turn=_turn(said.get("turn", "")),
        has_tables=_ANSWERS.get(said.get("tables", "").lower()),
        has_handwriting=_ANSWERS.get(said.get("handwriting", "").lower()),
    )
    return Told(text[match.end() :], _language(said.get("lang", "")), look)


def _language(tag: str) -> str | None:
    try:
        found = str(parse_tag(tag))
    except ValueError:
        return None
    return None if found in {"und", "zxx", "mul"} else found


def _turn(said: str) -> int | None:
    degrees = said.removesuffix("°")
    if not re.fullmatch(r"-?\d{1,3}", degrees) or int(degrees) % 360 not in TURNS:
        return None
    return int(degrees) % 360
