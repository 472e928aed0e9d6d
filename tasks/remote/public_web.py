"""Connections to the public web only: whatever a name or a redirection leads to, a private address is not reached."""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING, Any

from tasks.remote.faults import PrivateAddress

if TYPE_CHECKING:
    import aiohttp

_CONNECT_SECONDS = 20.0
_SILENCE_SECONDS = 60.0
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet; one that stands for another counts as that one.

    >>> is_public("93.184.216.34"), is_public("127.0.0.1"), is_public("::ffff:10.0.0.1"), is_public("169.254.169.254")
    (True, False, False, False)
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFF_FFFF)
        if inner is not None:
            return is_public(str(inner))
    return found.is_global and not found.is_multicast


def checked_socket(info: tuple[Any, ...]) -> socket.socket:
    """Make the socket for an address that was resolved: the last moment before a connection, so no name slips by.

    Raises:
        PrivateAddress: if it is not a public one.
    """
    family, kind, protocol, _, where = info
    if not is_public(where[0]):
        msg = "a private address"
        raise PrivateAddress(msg)
    return socket.socket(family=family, type=kind, proto=protocol)


async def client(*, allow_private: bool, **settings: Any) -> aiohttp.ClientSession:
    """Open a session that waits for as long as something comes, and takes content as it is.

    Proxies of the environment are not used: what they reach could not be told.
    """
    import aiohttp

    connector = aiohttp.TCPConnector(socket_factory=None if allow_private else checked_socket)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS, sock_read=_SILENCE_SECONDS)
    headers = {"Accept-Encoding": "identity"}
    return aiohttp.ClientSession(connector=connector, timeout=timeout, headers=headers, **settings)
