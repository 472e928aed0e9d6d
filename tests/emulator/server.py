"""The emulator as an object: it serves from a thread of its own, so that any kind of test can use it."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import threading
from typing import TYPE_CHECKING, Self

from aiohttp import web

from tests.emulator.app import application
from tests.emulator.service import Service

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.emulator.limits import Quota

GRACE = 2.0
"""Seconds that handlers have to end by themselves; those that hang are told to."""


class NotLoopback(ValueError):
    """The emulator is for this machine only."""


def loopback(host: str) -> str:
    """Give *host* back if it is an address of this machine alone."""
    if not ipaddress.ip_address(host).is_loopback:
        raise NotLoopback(host)
    return host


@contextlib.asynccontextmanager
async def serving(service: Service, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
    """Serve on the running loop; yields `http://host:port`."""
    runner = web.AppRunner(application(service), handler_cancellation=True, shutdown_timeout=GRACE, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, loopback(host), port, backlog=1_024)
        await site.start()
        yield f"http://{host}:{runner.addresses[0][1]}"
    finally:
        service.stopping.set()
        await runner.cleanup()


class Emulator(Service):
    """A running service. Use as a context manager, or `start` and `stop`."""

    def __init__(
        self, *, port: int = 0, seed: int = 0, quota: Quota | None = None, keys: dict[str, str] | None = None
    ) -> None:
        super().__init__(seed=seed, quota=quota, keys=keys)
        self.url = ""
        self._port = port
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="emulator", daemon=True)
        self._ready = threading.Event()
        self._end: asyncio.Event | None = None
        self._fault: BaseException | None = None

    @property
    def base_url(self) -> str:
        """What the vendor's SDK takes as `base_address`."""
        return f"{self.url}/api/v1"

    @property
    def compatible_url(self) -> str:
        """What an OpenAI client takes as its base URL."""
        return f"{self.url}/compatible-mode/v1"

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs in its environment to talk to this service and no other."""
        return {"DASHSCOPE_API_KEY": self.key, "DASHSCOPE_HTTP_BASE_URL": self.base_url, "NO_PROXY": "*"}

    def start(self) -> Self:
        self._thread.start()
        self._ready.wait()
        if self._fault is not None:
            raise self._fault
        return self

    def stop(self) -> None:
        """End all connections and the thread."""
        if self._loop is not None and self._end is not None and self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as fault:  # noqa: BLE001  whatever it is, the starting thread raises it
            self._fault = fault
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        async with serving(self, port=self._port) as self.url:
            self._ready.set()
            await self._end.wait()
