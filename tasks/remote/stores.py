"""File systems that are reached by an address: opened once each, for as long as a run lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import IO, TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, urlsplit

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from schemas.addresses import EXTRAS, is_web, scheme_of
from schemas.errors import DocumentError, RunError, UnreachableDocument, UnreadableDocument, UsageFault
from tasks.remote import public_web
from tasks.remote.faults import fault_of

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

T = TypeVar("T")

BLOCK = 8 * 2**20
"""Bytes that are asked for at once, where a store is read piece by piece."""
TRIES = 4
"""How often what can pass is tried. The libraries' own retries are off: there is one layer of them."""
LONGEST_WAIT = 8.0
_MODULES = {"s3": "s3fs", "oss": "ossfs", "gcs": "gcsfs", "azure": "adlfs", "sftp": "paramiko"}
_BY_HOST = frozenset({"sftp", "az", "abfs"})
"""Schemes whose addresses say whom to connect to."""
_SAFE_IN_URLS = "%/:?&=+,;@!$'()*[]~-._#"


def check_installed(sources: Sequence[str], use: str = "read") -> None:
    """Make sure that what addresses need is installed; *use* says what is to be done with them.

    Raises:
        UsageFault: if it is not; says how to install it.
    """
    for source in sources:
        scheme = scheme_of(source)
        extra = EXTRAS.get(scheme) if scheme else None
        if extra and find_spec(_MODULES[extra]) is None:
            msg = f"{scheme}:// cannot be {use}: {_MODULES[extra]} is not installed"
            raise UsageFault(msg, advice=f"install it with: pip install 'pagemill[{extra}]'")


class Stores:
    """Opens file systems by address, and calls them with patience. May be used from several threads.

    *wait* says how long the pause before another try is at most, in seconds.
    """

    def __init__(
        self, *, allow_urls: bool = False, allow_private: bool = False, longest_wait: float | None = None
    ) -> None:
        longest_wait = LONGEST_WAIT if longest_wait is None else longest_wait
        self._allow_urls = allow_urls
        self._allow_private = allow_private
        self._opened: dict[str, AbstractFileSystem] = {}
        self._lock = threading.Lock()
        self._retrying = partial(
            Retrying,
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=longest_wait / 2**TRIES, max=longest_wait),
            retry=retry_if_exception_type(UnreachableDocument),
            reraise=True,
        )

    def at(self, address: str) -> tuple[AbstractFileSystem, str]:
        """Give the file system that an address belongs to, and what the place is called in it.

        Raises:
            UnreadableDocument: if addresses of this kind are not read here.
        """
        scheme = scheme_of(address) or ""
        address = f"{scheme}{address[len(scheme) :]}"  # the libraries know their schemes in lower case
        self._check(scheme)
        key = f"{scheme}://{urlsplit(address).netloc}" if scheme in _BY_HOST else scheme
        with self._lock:
            if key not in self._opened:
                self._opened[key] = self._open(scheme, address)
            store = self._opened[key]
        if is_web(address):
            return store, quote(address, safe=_SAFE_IN_URLS)
        return store, str(store._strip_protocol(address))  # noqa: SLF001 - fsspec has no public name for it

    def patiently(self, action: Callable[[], T]) -> T:
        """Do *action*; what can pass is tried a few times.

        Raises:
            DocumentError: whatever went wrong, in words of our own.
        """
        for attempt in self._retrying():
            with attempt:
                try:
                    return action()
                except (DocumentError, RunError):
                    raise
                except Exception as error:
                    raise fault_of(error) from error
        raise AssertionError  # pragma: no cover - the last try returns or raises

    def open_bytes(self, address: str) -> IO[bytes]:
        """Open what stands at an address, to be read once from front to back.

        Raises:
            OSError: or whatever else the store's library raises.
        """
        store, path = self.at(address)
        if is_web(address):  # one answer, streamed: pieces asked for one by one could be of different versions
            how: dict[str, Any] = {"block_size": 0, "size": -1}
        else:
            how = {"block_size": BLOCK, "cache_type": "none"}
        stream: IO[bytes] = store.open(path, "rb", **how)
        return stream

    def _check(self, scheme: str) -> None:
        if scheme not in EXTRAS:
            msg = f"{scheme}:// is not read here; known are {', '.join(f'{each}://' for each in EXTRAS)}"
            raise UnreadableDocument(msg)
        if is_web(f"{scheme}://") and not self._allow_urls:
            msg = "addresses of the web are read only with --allow-urls"
            raise UnreadableDocument(msg)
        try:
            check_installed([f"{scheme}://"])
        except UsageFault as fault:
            msg = f"{fault}; {fault.advice}"
            raise UnreadableDocument(msg) from None

    def _open(self, scheme: str, address: str) -> AbstractFileSystem:
        import fsspec

        kind = fsspec.get_filesystem_class(scheme)
        settings = kind._get_kwargs_from_urls(address) if scheme in _BY_HOST else {}  # noqa: SLF001 - as above
        store = kind(skip_instance_cache=True, use_listings_cache=False, **settings, **self._settings(scheme))
        if scheme == "s3":
            store.retries = 1
        return store

    def _settings(self, scheme: str) -> dict[str, Any]:
        if is_web(f"{scheme}://"):
            session = partial(public_web.client, allow_private=self._allow_private)
            return {"get_client": session, "simple_links": False, "encoded": True}
        if scheme == "s3":
            return {"config_kwargs": {"retries": {"total_max_attempts": 1}}}
        if scheme == "sftp":
            from tasks.remote.known_hosts import KnownHostsOnly

            return {"host_key_policy": KnownHostsOnly()}
        return {}
