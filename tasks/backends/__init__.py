"""Recognizers, one module each.

A module here *is* a backend: it has `create(settings) -> Backend`, and no list names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from typing import Protocol, cast

from pydantic import SecretStr

from schemas.errors import UsageFault
from schemas.models import ModelSpec
from tasks.ports import Backend, Workers


@dataclass(frozen=True, slots=True)
class BackendSettings:
    """What a backend is made with. `timeout` is the deadline of one call in seconds."""

    spec: ModelSpec
    workers: Workers
    api_key: SecretStr | None = field(default=None, repr=False)
    base_url: str | None = None
    region: str | None = None
    in_flight: int = 64
    timeout: float = 320.0
    render_timeout: float = 120.0


class BackendModule(Protocol):
    """The shape of a module in this package."""

    def create(self, settings: BackendSettings) -> Backend:
        """Make the backend; imports its vendor's SDK only now."""
        ...


def names() -> tuple[str, ...]:
    """Name the backends that there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def create(name: str, settings: BackendSettings) -> Backend:
    """Make the backend called *name*.

    Raises:
        UsageFault: if there is none of that name.
    """
    if name not in names():
        msg = f"there is no backend {name!r}"
        raise UsageFault(msg, advice=f"choose one of: {', '.join(names())}")
    module = cast("BackendModule", importlib.import_module(f"{__name__}.{name}"))
    return module.create(settings)
