"""Places in JSON values: JSON pointers, and the leaves that they lead to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_STEPS = re.compile(r"[^.\[\]]+")


def pointer(steps: Iterable[object]) -> str:
    """Write a JSON pointer.

    >>> pointer(["lines", 0, "a/b"])
    '/lines/0/a~1b'
    """
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def as_pointer(path: str) -> str:
    """Read a path as models write it.

    >>> [as_pointer(path) for path in ("/lines/0/amount", "lines[0].amount", "$.total", "total")]
    ['/lines/0/amount', '/lines/0/amount', '/total', '/total']
    """
    path = path.strip().removeprefix("#")
    if path.startswith("/"):
        return path
    return pointer(_STEPS.findall(path.removeprefix("$")))


def leaves(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """List what a value consists of, with the pointer to each: strings, numbers, booleans and nulls."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, at + pointer([name]))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from leaves(inner, f"{at}/{index}")
    else:
        yield at, value
