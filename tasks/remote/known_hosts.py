"""Machines that are trusted: those in the user's `known_hosts`, as with `ssh` itself.

paramiko is an extra: this module is imported when the first `sftp://` address is opened.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paramiko import HostKeys, MissingHostKeyPolicy

from tasks.remote.faults import UnknownHost


class KnownHostsOnly(MissingHostKeyPolicy):  # type: ignore[misc]  # an extra, which mypy does not see
    """Trusts a machine only by the user's list; the library would trust whoever answers first."""

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:  # noqa: ARG002 - the library's signature
        """Look up the key of a machine.

        Raises:
            UnknownHost: if it is not the one on the list.
        """
        listed = Path("~/.ssh/known_hosts").expanduser()
        if not listed.exists() or not HostKeys(str(listed)).check(hostname, key):
            raise UnknownHost(hostname)
