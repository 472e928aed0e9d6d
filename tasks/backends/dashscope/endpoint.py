"""Where the service is asked."""

from __future__ import annotations

import os
import re
import tomllib
from importlib import resources
from urllib.parse import urlsplit

from schemas.errors import UsageFault

WORKSPACE = "DASHSCOPE_WORKSPACE_ID"
PLACEHOLDER = "{workspace_id}"


def base_address(base_url: str | None, region: str | None) -> str | None:
    """Give the address to ask; None leaves it to the SDK's own environment variables.

    Raises:
        UsageFault: if there is no such region, its workspace is not named, or the address is none.
    """
    if base_url:
        return _checked(base_url)
    return _of_region(region) if region else None


def _checked(url: str) -> str:
    if not _is_address(url):
        msg = f"{url!r} is no address"
        raise UsageFault(msg, advice="give --base-url as https://host/api/v1")
    if "compatible-mode" in url:
        msg = f"{url} is the address for OpenAI's clients, not for DashScope's own"
        raise UsageFault(msg, advice=f"use {url.replace('compatible-mode', 'api')}")
    return url.rstrip("/")


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _of_region(region: str) -> str:
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
