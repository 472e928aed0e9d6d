"""Any server that speaks OpenAI's chat completions: DashScope's own compatible endpoint, a vLLM of one's own, ...

Who is asked, and with which key, is settled first (`server`). A question becomes a body (`question`), goes out and
comes back with every wire send counted (`client`), and is read into an answer (`answer`, `events`) or an error of
ours, by `data/openai_errors.toml` or, where DashScope answers, by `data/dashscope_errors.toml`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tasks.backends.openai.server import BASE_URL_VARIABLE, is_dashscope, server_of

if TYPE_CHECKING:
    from tasks.backends import BackendSettings
    from tasks.ports import Backend


def is_configured() -> bool:
    """Say whether a server is named; that there is a key says nothing of where it is to be sent."""
    return bool(os.environ.get(BASE_URL_VARIABLE))


def service(base_url: str | None, region: str | None) -> str:
    """Name whose quota is used: DashScope's, whose own protocol takes from the same, or that of another server."""
    return "dashscope" if is_dashscope(base_url, region) else "openai"


def create(settings: BackendSettings) -> Backend:
    """Make the backend; opens no connection.

    Raises:
        UsageFault: if no server is named, or the address is none.
        CredentialFault: if the server is DashScope and there is no key.
    """
    server = server_of(settings.base_url, settings.region, settings.api_key)
    from tasks.backends.openai.client import OpenAICompatible

    return OpenAICompatible(settings.spec, server, settings.timeout)
