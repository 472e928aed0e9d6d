"""What all tests share: the emulated service, a clean environment, and no way to any other machine."""

from __future__ import annotations

import ipaddress
import os
import socket
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.emulator import Emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

# No absolute timing: a property that holds on a busy machine a little later holds all the same.
settings.register_profile("mill", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mill")

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy")
LOCAL_NAMES = frozenset({"localhost", "", None, b"localhost"})


def _foreign(name: str) -> bool:
    return name.startswith(("DASHSCOPE_", "OPENAI_")) or name.lower() in PROXIES


for _name in filter(_foreign, list(os.environ)):  # the SDK reads its environment when it is imported, so clean it now
    del os.environ[_name]
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"


class NetworkForbidden(AssertionError):
    """A test tried to reach another machine."""


def _local(host: object) -> bool:
    if host in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


@pytest.fixture(scope="session", autouse=True)
def _no_network() -> Iterator[None]:
    """Refuse every connection but to this machine and to sockets in the file system."""
    connect, connect_ex, resolve = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def checked(address: object) -> None:
        if isinstance(address, tuple) and not _local(address[0]):
            raise NetworkForbidden(address)

    def guarded_connect(self: socket.socket, address: object) -> None:
        checked(address)
        connect(self, address)

    def guarded_connect_ex(self: socket.socket, address: object) -> int:
        checked(address)
        return connect_ex(self, address)

    def guarded_resolve(host: object, *args: object, **kwargs: object) -> object:
        if not _local(host):
            raise NetworkForbidden(host)
        return resolve(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket.socket, "connect_ex", guarded_connect_ex)
        patch.setattr(socket, "getaddrinfo", guarded_resolve)
        yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give no test a key, a region or a proxy of whoever runs it."""
    for name in filter(_foreign, list(os.environ)):
        monkeypatch.delenv(name)
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture(autouse=True)
def _closed_connections() -> Iterator[None]:
    """Let no connection of the vendor's SDK outlive the test that opened it."""
    yield
    if "dashscope" in sys.modules:
        sys.modules["dashscope"].close_shared_sync_session()


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    """Run the emulated service on a free port; ends with the test, which fails if the emulator itself did."""
    with Emulator() as running:
        yield running
    assert not running.crashes
