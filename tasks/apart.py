"""A question about several pages, taken apart: into those that cannot be drawn and the stretches between them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from schemas.records import PageRecord
from schemas.requests import ModelRequest, request_key


def stretches(page_nos: Iterable[int]) -> list[tuple[int, ...]]:
    """Give pages as runs of consecutive ones.

    >>> stretches([1, 2, 4])
    [(1, 2), (4,)]
    """
    runs = groupby(enumerate(page_nos), key=lambda pair: pair[1] - pair[0])
    return [tuple(page_no for _, page_no in run) for _, run in runs]


def part_key(request: ModelRequest, page_nos: tuple[int, ...]) -> str:
    """Name the question about these of its pages: how often that is asked anew is counted by it."""
    return request_key(request.recipe.recipe_id, request.span.document.doc_id, page_nos)


def part(request: ModelRequest, page_nos: tuple[int, ...], generation: int) -> ModelRequest:
    """Ask about some of a request's pages in its place; what that costs is the request's."""
    span = replace(request.span, page_nos=page_nos)
    return replace(request, span=span, generation=generation, more_turns=(), stands_for=request.base_key)


def parts_of(rows: Sequence[PageRecord]) -> list[tuple[PageRecord, ...]]:
    """Tell which rows of one span, in the order of their pages, came of one question each."""
    return [tuple(run) for _, run in groupby(rows, key=lambda row: row.request_key)]
