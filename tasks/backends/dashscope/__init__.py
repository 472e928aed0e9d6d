"""Qwen-VL and Qwen-OCR through Alibaba Cloud's DashScope SDK.

A question becomes the SDK's messages (`question`), goes out and comes back with every wire send counted (`client`,
`wirelog`), and is read into an answer (`answer`) or an error of ours (`faults`, by `data/dashscope_errors.toml`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.backends.dashscope.endpoint import base_address

if TYPE_CHECKING:
    from tasks.backends import BackendSettings
    from tasks.ports import Backend


def create(settings: BackendSettings) -> Backend:
    """Make the backend. The SDK, which takes 1.4 seconds to import, is imported only now.

    Raises:
        CredentialFault: if there is no key.
        UsageFault: if the region or the address is not one.
    """
    address = base_address(settings.base_url, settings.region)
    from tasks.backends.dashscope.client import DashScope, find_key

    return DashScope(settings.spec, find_key(settings.api_key), address, settings.timeout)
