"""Who is asked, and with which key. Imports nothing heavy."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import SecretStr

from schemas.errors import UsageFault
from tasks.transport.addresses import checked_address, region_address
from tasks.transport.keys import checked_key

BASE_URL_VARIABLE = "OPENAI_BASE_URL"
KEY_VARIABLE = "OPENAI_API_KEY"
DASHSCOPE_KEY_VARIABLE = "DASHSCOPE_API_KEY"
NATIVE, COMPATIBLE = "/api/v1", "/compatible-mode/v1"
"""Where DashScope speaks its own protocol, and where this one."""
METHOD = "/chat/completions"


@dataclass(frozen=True, slots=True)
class Server:
    """A server of the protocol. `dashscope` says that it is DashScope, which takes and says more than others."""

    address: str
    key: SecretStr | None
    dashscope: bool

    @property
    def endpoint(self) -> str:
        """Where questions are sent."""
        return self.address + METHOD


def server_of(base_url: str | None, region: str | None, key: SecretStr | None) -> Server:
    """Settle who is asked: the address given, else DashScope in the region given, else the environment's address.

    Raises:
        UsageFault: if no server is named, or the address is none.
        CredentialFault: if the key is missing where one is needed, or cannot be sent.
    """
    address = _address(base_url, region)
    dashscope = _dashscope_at(address)
    return Server(address, _key(key, dashscope=dashscope), dashscope)


def is_dashscope(base_url: str | None, region: str | None) -> bool:
    """Say whether it is DashScope that would be asked, so far as it is known who.

    Raises:
        UsageFault: if the address is none.
    """
    named = _named(base_url, region)
    return _dashscope_at(named) if named else region is not None


def _address(base_url: str | None, region: str | None) -> str:
    named = _named(base_url, region)
    if named:
        address = named
    elif region:
        address = region_address(region).replace(NATIVE, COMPATIBLE)
    else:
        msg = "no server is named"
        raise UsageFault(msg, advice=f"set {BASE_URL_VARIABLE} or --base-url, for example http://127.0.0.1:8000/v1")
    if _dashscope_at(address) and not address.endswith(COMPATIBLE):
        msg = f"{address} is not where DashScope speaks this protocol"
        raise UsageFault(msg, advice=f"use the address that ends in {COMPATIBLE}, or --backend dashscope")
    return address


def _named(base_url: str | None, region: str | None) -> str | None:
    named = base_url or (None if region else os.environ.get(BASE_URL_VARIABLE))
    return checked_address(named, example="https://host/v1").removesuffix(METHOD) if named else None


def _dashscope_at(address: str) -> bool:
    parts = urlsplit(address)
    return (parts.hostname or "").endswith(".aliyuncs.com") or parts.path.endswith(COMPATIBLE)


def _key(given: SecretStr | None, *, dashscope: bool) -> SecretStr | None:
    """Find the key. A server of one's own may need none; the key of another service is never sent to it."""
    variables = (DASHSCOPE_KEY_VARIABLE, KEY_VARIABLE) if dashscope else (KEY_VARIABLE,)
    found = given.get_secret_value() if given else next(filter(None, map(os.environ.get, variables)), "")
    if not found.strip() and not dashscope:
        return None
    return checked_key(found, advice=f"set {variables[0]} to a key of this service")
