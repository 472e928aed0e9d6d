"""Which pagemill this is. The number stands once, in `pyproject.toml`."""

from __future__ import annotations

from importlib import metadata


def version() -> str:
    """Give the installed version; a checkout that was never installed has none."""
    try:
        return metadata.version("pagemill")
    except metadata.PackageNotFoundError:
        return "0+unknown"
