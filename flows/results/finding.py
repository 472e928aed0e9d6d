"""Finding a document by what somebody calls it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from flows.wording import nearest, visible
from schemas.errors import UsageFault

_MOST = 10
"""Candidates that an error names."""


@dataclass(frozen=True, slots=True, order=True)
class Reading:
    """One reading of one file: by which operation and which model.

    *variant* says which of several things was asked (the schema, the target language, the question); "" where an
    operation has one only.
    """

    source: str
    name: str
    operation: str
    model: str
    variant: str = ""

    def __str__(self) -> str:
        """Say how it was read."""
        return f"{self.operation}{f' ({self.variant})' if self.variant else ''} by {self.model}"


def find(
    called: str,
    readings: Sequence[Reading],
    *,
    operation: str | None = None,
    model: str | None = None,
    variant: str | None = None,
) -> Reading:
    """Find the one reading that is meant: by the path, the name below its folder, or the end of its path.

    Raises:
        UsageFault: if there is none, or more than one; names what there is.
    """
    found = matching(called, readings)
    if len(sources := sorted({reading.source for reading in found})) > 1:
        msg = f"{visible(called)!r} is the name of {len(sources)} documents: {_listed(sources)}"
        raise UsageFault(msg, advice="name more of its path")
    chosen = [
        it
        for it in found
        if operation in {None, it.operation} and model in {None, it.model} and variant in {None, it.variant}
    ]
    if len(chosen) != 1:
        ways = _listed(list(map(str, sorted(found))))
        msg = f"{visible(called)!r} was read in {len(found)} ways: {ways}" if chosen else _not_so(called, ways)
        raise UsageFault(msg, advice="name the operation, the variant or the model")
    return chosen[0]


def matching(called: str, readings: Sequence[Reading]) -> list[Reading]:
    """Give every reading that can be meant; the exact ways of naming come before the loose one.

    Raises:
        UsageFault: if there is none; names what is near.
    """
    absolute, ending = os.path.abspath(called), f"{os.sep}{called.lstrip(os.sep)}"  # noqa: PTH100 - no link is followed, as in discovery
    for fits in (
        lambda it: it.source in {called, absolute},
        lambda it: it.name == called,
        lambda it: it.source.endswith(ending),
    ):
        if found := [reading for reading in readings if fits(reading)]:
            return found
    msg = f"no document here is called {visible(called)!r}"
    raise UsageFault(msg, advice=nearest(called, {visible(reading.name) for reading in readings}))


def _not_so(called: str, ways: str) -> str:
    return f"{visible(called)!r} was not read so, but in these ways: {ways}"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(visible(name) for name in names[:_MOST]) + more
