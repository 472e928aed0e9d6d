"""What can be asked of pages, one module each.

A module here *is* an operation: it has `OPERATION`, and no list names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import cast

from schemas.errors import UsageFault
from tasks.ports import Operation


def names() -> tuple[str, ...]:
    """Name the operations that there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def get(name: str) -> Operation:
    """Find the operation called *name*.

    Raises:
        UsageFault: if there is none of that name.
    """
    if name not in names():
        msg = f"there is no operation {name!r}"
        raise UsageFault(msg, advice=f"choose one of: {', '.join(names())}")
    return cast("Operation", importlib.import_module(f"{__name__}.{name}").OPERATION)
