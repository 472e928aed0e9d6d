"""Qwen-VL and Qwen-OCR through Alibaba Cloud's DashScope SDK.

A question becomes the SDK's messages (`question`), goes out and comes back with every wire send counted (`client`),
and is read into an answer (`answer`) or an error of ours (`faults`, by `data/dashscope_errors.toml`).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tasks.backends.dashscope.endpoint import base_address

if TYPE_CHECKING:
    from tasks.backends import BackendSettings
    from tasks.ports import Backend


def is_configured() -> bool:
    """Say whether a key is set, in one of the places where the SDK looks for it."""
    places = (os.environ.get("DASHSCOPE_API_KEY"), os.environ.get("DASHSCOPE_API_KEY_FILE_PATH"))
    return any(places) or (Path.home() / ".dashscope" / "api_key").is_file()


def service(base_url: str | None, region: str | None) -> str:  # noqa: ARG001 - the contract; it is DashScope anywhere
    """Name whose quota is used."""
    return "dashscope"


def create(settings: BackendSettings) -> Backend:
    """Make the backend. The SDK, which takes 1.4 seconds to import, is imported only now.

    Raises:
        CredentialFault: if there is no key.
        UsageFault: if the region or the address is not one.
    """
    address = base_address(settings.base_url, settings.region)
    from tasks.backends.dashscope.client import DashScope, find_key

    return DashScope(settings.spec, find_key(settings.api_key), address, settings.timeout)
