"""Layouts of truth: folders in which people wrote down what stands in documents, one module each.

A module here *is* a layout: it has `fits(folder)` and `read(folder)`, and no list names it. What no other layout
claims is of our own, `plain_files`.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, cast

from schemas.errors import NoInput, UsageFault
from tasks.evaluating.truth import Truth

OWN = "plain_files"


class LayoutModule(Protocol):
    """The shape of a module in this package."""

    def fits(self, folder: Path) -> bool:
        """Say whether a folder is laid out so."""
        ...

    def read(self, folder: Path) -> Iterator[Truth]:
        """Give what the folder says, document by document.

        Raises:
            UsageFault: if a file of it is not what it should be; names file and line.
        """
        ...


def names() -> tuple[str, ...]:
    """Name the layouts that there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def layout_of(folder: Path) -> str:
    """Say which layout a folder has.

    Raises:
        NoInput: if there is no such folder.
    """
    if not folder.is_dir():
        msg = f"there is no folder of truth at {folder}"
        raise NoInput(msg, advice="name a folder with what stands in the documents; see docs/evaluating.md")
    return next((name for name in names() if name != OWN and get(name).fits(folder)), OWN)


def get(name: str) -> LayoutModule:
    """Give a layout by its name."""
    return cast("LayoutModule", importlib.import_module(f"{__name__}.{name}"))


def parts_of(path: Path) -> tuple[str, ...]:
    """Give the path of a document as a truth knows it: absolute, without the ending."""
    return path.absolute().with_suffix("").parts


def text_of(path: Path) -> str:
    """Read a file of truth.

    Raises:
        UsageFault: if it cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        msg = f"the truth {path} cannot be read: {why}"
        raise UsageFault(msg, advice="mend the file, or take it out of the folder") from error


def parsed(text: str, path: Path, line: int = 1) -> Any:
    """Read JSON of a file of truth.

    Raises:
        UsageFault: if it is none.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        msg = f"the truth {path} is no JSON: line {line + error.lineno - 1}: {error.msg}"
        raise UsageFault(msg, advice="mend the file, or take it out of the folder") from error


def wrong(path: Path, why: str) -> UsageFault:
    """Say that a file of truth is not what it should be."""
    return UsageFault(f"the truth {path} {why}", advice="see docs/evaluating.md for what it may hold")
