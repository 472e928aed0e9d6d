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

LOCAL = "local"
"""The backend that always works: it needs no key and no service."""


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

    def is_configured(self) -> bool:
        """Say whether it can be asked as things are (a key is set, ...). Imports nothing heavy."""
        ...

    def service(self, base_url: str | None, region: str | None) -> str:
        """Name whose quota its calls take from; two backends that ask one service name it alike."""
        ...

    def create(self, settings: BackendSettings) -> Backend:
        """Make the backend; imports its vendor's SDK only now."""
        ...


def names() -> tuple[str, ...]:
    """Name the backends that there are."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(__path__)))


def choose(name: str) -> str:
    """Say which backend *name* means: "auto" is the first that is configured, the local one last.

    Raises:
        UsageFault: if there is none of that name.
    """
    if name != "auto":
        _module(name)
        return name
    remote = (known for known in names() if known != LOCAL and _module(known).is_configured())
    return next(remote, LOCAL)


def service(name: str, base_url: str | None, region: str | None) -> str:
    """Name whose quota the calls of the backend called *name* take from.

    Raises:
        UsageFault: if there is none of that name.
    """
    return _module(name).service(base_url, region)


def create(name: str, settings: BackendSettings) -> Backend:
    """Make the backend called *name*.

    Raises:
        UsageFault: if there is none of that name.
    """
    return _module(name).create(settings)


def _module(name: str) -> BackendModule:
    if name not in names():
        msg = f"there is no backend {name!r}"
        raise UsageFault(msg, advice=f"choose one of: auto, {', '.join(names())}")
    return cast("BackendModule", importlib.import_module(f"{__name__}.{name}"))
