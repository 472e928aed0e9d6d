"""Steps that a parser or a model may trip over on some page, and that reading can do without."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def attempt(step: Callable[[], T]) -> tuple[T | None, str]:
    """Give what the step gives; or None, and why.

    Raises:
        MemoryError: if memory ran out; that is no fault of the page's.
    """
    from tasks.drawing.mupdf import is_out_of_memory, one_line

    try:
        return step(), ""
    except Exception as fault:  # noqa: BLE001 - a parser that trusts what it parsed raises anything
        if is_out_of_memory(fault) or "bad_alloc" in str(fault):
            raise MemoryError from None
        return None, f"{type(fault).__name__}: {one_line(fault)}"
