"""Where the service is asked."""

from __future__ import annotations

from schemas.errors import UsageFault
from tasks.transport.addresses import checked_address, region_address


def base_address(base_url: str | None, region: str | None) -> str | None:
    """Give the address to ask; None leaves it to the SDK's own environment variables.

    Raises:
        UsageFault: if there is no such region, its workspace is not named, or the address is none.
    """
    if not base_url:
        return region_address(region) if region else None
    address = checked_address(base_url, example="https://host/api/v1")
    if "compatible-mode" in address:
        msg = f"{address} is the address for OpenAI's clients, not for DashScope's own"
        raise UsageFault(msg, advice=f"use {address.replace('compatible-mode', 'api')}, or --backend openai")
    return address
