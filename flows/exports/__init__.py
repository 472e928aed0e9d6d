"""Formats in which results are handed on, one module each.

A module here *is* a format: it has `write(read, to)`, which yields the files that it wrote, and no list names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, cast

from flows.results import Results
from flows.wording import nearest
from schemas.errors import UsageFault


class FormatModule(Protocol):
    """The shape of a module in this package."""

    def write(self, read: Results, to: Path) -> Iterator[Path]:
        """Write what there is below the folder *to*, each file whole or not at all; give each that was written.

        Raises:
            OutputFault: if it cannot be written.
            UsageFault: if a library is missing.
        """
        ...


def names() -> tuple[str, ...]:
    """Name the formats that there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def get(name: str) -> FormatModule:
    """Give the format called *name*.

    Raises:
        UsageFault: if there is none.
    """
    if name not in names():
        msg = f"--format: there is no format {name!r}"
        raise UsageFault(msg, advice=nearest(name, names()))
    return cast("FormatModule", importlib.import_module(f"{__name__}.{name}"))
