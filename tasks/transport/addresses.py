"""Where a service is asked. Imports nothing heavy."""

from __future__ import annotations

import os
import re
import tomllib
from importlib import resources
from urllib.parse import urlsplit

from schemas.errors import UsageFault

WORKSPACE = "DASHSCOPE_WORKSPACE_ID"
PLACEHOLDER = "{workspace_id}"


def checked_address(url: str, *, example: str) -> str:
    """Take an address without its closing slashes.

    Raises:
        UsageFault: if it is none.
    """
    if not _is_address(url):
        msg = f"{url!r} is no address"
        raise UsageFault(msg, advice=f"give --base-url as {example}")
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def region_address(region: str) -> str:
    """Give the address of DashScope in a region, for its own protocol.

    Raises:
        UsageFault: if there is no such region, or its workspace is not named.
    """
    text = resources.files("data").joinpath("dashscope_regions.toml").read_text(encoding="utf-8")
    regions: dict[str, str] = tomllib.loads(text)["regions"]
    if region not in regions:
        msg = f"there is no region {region!r}"
        raise UsageFault(msg, advice=f"choose one of: {', '.join(regions)}; or give --base-url")
    address = regions[region]
    if PLACEHOLDER not in address:
        return address
    workspace = os.environ.get(WORKSPACE, "")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", workspace):
        msg = f"the region {region} is asked at an address of your workspace, and {WORKSPACE} does not name one"
        raise UsageFault(msg, advice=f"set {WORKSPACE} to the workspace's id as the Model Studio console shows it")
    return address.replace(PLACEHOLDER, workspace)
