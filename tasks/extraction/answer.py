"""An answer that should be one JSON object: read strictly, else mended without another call."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, NoReturn

import json_repair

from schemas.errors import MalformedAnswer

FENCED = re.compile(r"```[a-zA-Z]*\s*\n?(.*?)(?:```|\Z)", re.DOTALL)
LONGEST = 1_000_000
"""Characters of an answer that mending is tried on."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The object that an answer holds, and whether it took mending to find it."""

    value: dict[str, Any]
    is_mended: bool = False


def parse(text: str) -> Parsed:
    r"""Read the one object of an answer.

    >>> parse('```json\n{"total": 9.5,}\n```')
    Parsed(value={'total': 9.5}, is_mended=True)

    Raises:
        MalformedAnswer: if there is none, or several.
    """
    try:
        return Parsed(_object(json.loads(text, parse_constant=_refused)))
    except (ValueError, RecursionError):
        return Parsed(_mended(text), is_mended=True)


def _mended(text: str) -> dict[str, Any]:
    kept = _kernel(text[:LONGEST])
    if "{" not in kept:
        raise MalformedAnswer("the answer holds no JSON object")
    try:
        return _object(_first(kept))
    except (ValueError, RecursionError) as error:
        msg = f"the answer is not one JSON object: {error}"
        raise MalformedAnswer(msg) from error


def _first(text: str) -> Any:
    """Read what the text begins with; words behind it do no harm, another object is one too many."""
    try:
        value, end = json.JSONDecoder(parse_constant=_refused).raw_decode(text)
    except ValueError:
        return json_repair.loads(text, skip_json_loads=True) or None  # an empty object out of scraps is no answer
    return [value, None] if "{" in text[end:] else value


def _kernel(text: str) -> str:
    """Leave out what stands around the object: a fence, and what is said before and behind."""
    fenced = FENCED.search(text)
    if fenced and "{" in fenced[1]:
        text = fenced[1]
    start = min((text.find(bracket) for bracket in "{[" if bracket in text), default=0)
    return text[start:]


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        msg = f"it is {'several values' if isinstance(value, list) else 'no object'}"
        raise ValueError(msg)  # noqa: TRY004 - a fault of the answer, like any other that a parser finds
    return _plain(value)


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """Make sure that it is JSON: no number that is none, no half of a surrogate pair."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    plain: dict[str, Any] = json.loads(text.encode("utf-8", "replace"))
    return plain


def _refused(constant: str) -> NoReturn:
    msg = f"{constant} is no JSON value"
    raise ValueError(msg)
