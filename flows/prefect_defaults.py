"""What Prefect is told before it is imported, where nobody told it otherwise: nothing goes home, and it is quiet."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

_EVERYWHERE = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    # Prefect allows its embedded server 20 s, which a first start on a busy machine exceeds.
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    # A beat every half minute, so that an automation can tell a dead run from a quiet one within two.
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
}
_QUIET = {
    # The command has a voice of its own; what Prefect logs still goes to the log of the flow run.
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
    "PREFECT_INTERNAL_LOGGING_LEVEL": "CRITICAL",
}
_SPEAKS = frozenset({"PREFECT_LOGGING_LEVEL", "PREFECT_DEBUG_MODE", "PREFECT_TEST_MODE"})
"""Who sets one of these wants to hear Prefect."""


def defaults(given: Mapping[str, str]) -> dict[str, str]:
    """Give what is to be set beside the variables that are *given*.

    >>> sorted(defaults({"DO_NOT_TRACK": "0", "PREFECT_LOGGING_LEVEL": "DEBUG"}))[:2]
    ['PREFECT_FLOWS_HEARTBEAT_FREQUENCY', 'PREFECT_SERVER_ANALYTICS_ENABLED']
    """
    wanted = _EVERYWHERE if _SPEAKS & given.keys() else _EVERYWHERE | _QUIET
    return {name: value for name, value in wanted.items() if name not in given}


def settle(environ: MutableMapping[str, str]) -> None:
    """Set what is not set. Has an effect on Prefect only before Prefect is imported."""
    environ.update(defaults(environ))
