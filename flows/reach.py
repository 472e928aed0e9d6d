"""What `pagemill doctor` looks at outside this machine. Asks nothing that costs."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from flows.checks import Check
from flows.faults import KEY_VARIABLE, redacted
from schemas.errors import CredentialFault, UsageFault

KEY_FILE_VARIABLE = "DASHSCOPE_API_KEY_FILE_PATH"
DEFAULT_ADDRESS = "https://dashscope.aliyuncs.com/api/v1"
SECONDS = 5.0
_SHOWN = 2


def key(backend: str, base_url: str | None = None, region: str | None = None) -> Check:
    """Look for the key where the backend looks for it; of the key itself only length and end are shown."""
    if backend == "local":
        return Check("key", "skipped", "the local backend needs none")
    if backend == "openai":
        return _key_of_server(base_url, region)
    from tasks.backends.dashscope.client import find_key

    try:
        found = find_key(None).get_secret_value()
    except CredentialFault as error:
        if backend == "auto" and "characters" not in str(error):
            return Check("key", "ok", f"no {KEY_VARIABLE} is set, so the local backend reads")
        return Check("key", "fail", str(error), error.advice)
    return Check("key", "ok", f"{_place()} is set: {len(found)} characters, ending in {found[-_SHOWN:]}")


def _key_of_server(base_url: str | None, region: str | None) -> Check:
    from tasks.backends.openai.server import server_of

    try:
        server = server_of(base_url, region, None)
    except (CredentialFault, UsageFault) as error:
        return Check("key", "fail", str(error), error.advice)
    if server.key is None:
        return Check("key", "ok", f"no key is set, and {server.address} may need none")
    found = server.key.get_secret_value()
    return Check(
        "key", "ok", f"a key is set for {server.address}: {len(found)} characters, ending in {found[-_SHOWN:]}"
    )


def _place() -> str:
    if os.environ.get(KEY_VARIABLE):
        return KEY_VARIABLE
    return os.environ.get(KEY_FILE_VARIABLE) or str(Path("~/.dashscope/api_key").expanduser())


def address(base_url: str | None, region: str | None) -> str:
    """Say where the service would be asked: by option, else by the SDK's own environment variables.

    Raises:
        UsageFault: if there is no such region, or the address is none.
    """
    from tasks.backends.dashscope.endpoint import base_address

    by_environment = os.environ.get("DASHSCOPE_API_REGION", "cn-beijing")
    named = base_address(base_url, region) or os.environ.get("DASHSCOPE_HTTP_BASE_URL")
    if named or by_environment == "cn-beijing":
        return named or DEFAULT_ADDRESS
    return base_address(None, by_environment) or DEFAULT_ADDRESS


def _address_of(backend: str, base_url: str | None, region: str | None) -> str:
    if backend != "openai":
        return address(base_url, region)
    from tasks.backends.openai.server import server_of

    return server_of(base_url, region, None).address


async def endpoint(backend: str, base_url: str | None, region: str | None) -> Check:
    """Open a connection to the service, over TLS where it is, and close it again."""
    if backend == "local":
        return Check("endpoint", "skipped", "the local backend asks nobody")
    try:
        target = urlsplit(_address_of(backend, base_url, region))
    except (CredentialFault, UsageFault) as error:
        return Check("endpoint", "fail", str(error), error.advice)
    where, via = _first_hop(target)
    began = time.monotonic()
    try:
        await _connect(where)
    except (OSError, TimeoutError) as error:
        why = "no answer in time" if isinstance(error, TimeoutError) else str(error)
        mend = "check the network, the proxy variables, --base-url and --region"
        return Check("endpoint", "fail", f"{where.hostname}:{_port(where)} cannot be reached{via}: {why}", mend)
    over = "TLS" if where.scheme == "https" else "TCP"
    took = f"{time.monotonic() - began:.2f} s"
    return Check(
        "endpoint", "ok", f"{over} connection to {where.hostname}:{_port(where)}{via} in {took}; nothing asked"
    )


def _first_hop(target: SplitResult) -> tuple[SplitResult, str]:
    """Give what is connected to first: the service, or the proxy that the environment names for it."""
    host = target.hostname or ""
    proxy = urllib.request.getproxies().get(target.scheme)
    if not proxy or urllib.request.proxy_bypass(host):
        return target, ""
    return urlsplit(proxy if "://" in proxy else f"http://{proxy}"), f", the proxy for {host}"


def _port(target: SplitResult) -> int:
    return target.port or (443 if target.scheme == "https" else 80)


async def _connect(target: SplitResult) -> None:
    context = ssl.create_default_context() if target.scheme == "https" else None
    async with asyncio.timeout(SECONDS):
        _, writer = await asyncio.open_connection(target.hostname, _port(target), ssl=context)
        writer.close()
        await writer.wait_closed()


def prefect_api() -> Check:
    """Ask Prefect's API for its health, where one is configured."""
    url = os.environ.get("PREFECT_API_URL", "")
    if not url:
        return Check("prefect", "skipped", "PREFECT_API_URL is not set: runs are made without a server")
    mend = "start the server (prefect server start), or unset PREFECT_API_URL to run without one"
    if urlsplit(url).scheme not in {"http", "https"}:
        return Check("prefect", "fail", f"PREFECT_API_URL is no address: {url}", mend)
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=SECONDS) as answer:  # noqa: S310 - http(s), by the line above
            said = f"{url} answers (HTTP {answer.status})"
    except urllib.error.HTTPError as error:
        error.close()
        said = f"{url} answers (HTTP {error.code})"
    except OSError as error:
        return Check("prefect", "fail", redacted(f"{url} cannot be reached: {error}"), mend)
    return Check("prefect", "ok", said)
