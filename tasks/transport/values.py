"""Values of JSON that came from elsewhere: whatever they are, each of these gives the kind that is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def mapping(value: Any) -> dict[str, Any]:
    """Take an object; anything else is an empty one."""
    return dict(value) if isinstance(value, Mapping) else {}


def string(value: Any) -> str:
    """Take a string; anything else is an empty one."""
    return value if isinstance(value, str) else ""


def count(value: Any) -> int:
    """Take a number of things; anything else is 0."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def word(value: Any) -> str | None:
    """Take a name or a code, numbers included; nothing is None."""
    return str(value) if value else None


def first(value: Any) -> Any:
    """Take the first of a list; None where there is none."""
    return value[0] if isinstance(value, list) and value else None


def content_items(content: Any) -> Iterator[Mapping[str, Any]]:
    """Go through a message's content: a plain string, a list of strings or of items, or nothing."""
    for item in content if isinstance(content, list) else [content]:
        if isinstance(item, str):
            yield {"text": item}
        elif isinstance(item, Mapping):
            yield item
