"""Pictures behind a URL: the emulated service downloads them too, from this machine only."""

from __future__ import annotations

from aiohttp import ClientError, ClientSession, ClientTimeout

MAX_BYTES = 10 * 1024 * 1024


async def fetch(url: str) -> bytes:
    """Download a picture.

    Raises:
        OSError: if it cannot be had, or is too large.
    """
    try:
        async with ClientSession(timeout=ClientTimeout(total=10)) as session, session.get(url) as response:
            data = await response.content.read(MAX_BYTES + 1)
            while len(data) <= MAX_BYTES and not response.content.at_eof():
                data += await response.content.read(MAX_BYTES + 1 - len(data))
    except (ClientError, TimeoutError) as fault:
        raise OSError(url) from fault
    if response.status != 200 or len(data) > MAX_BYTES:
        raise OSError(url)
    return data
