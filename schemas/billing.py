"""Which wire sends could stand on the bill."""

from __future__ import annotations

from schemas.records import CallOutcome, CallRecord
from schemas.wire import NOT_SENT

REFUSED: frozenset[CallOutcome] = frozenset({"throttled", "permanent", "fatal"})
"""Outcomes with which the service turned a call away instead of working on it: it bills answers only."""


def may_have_been_billed(call: CallRecord) -> bool:
    """Whether a send without usage could still stand on the bill.

    It cannot if nothing left this machine, if the service turned it away, or if it answered with an error. It can
    if the answer got lost on its way (time-out, cut connection, dead process, unreadable 200), is still awaited, or
    came without saying what it took.
    """
    if call.code == NOT_SENT or call.outcome in REFUSED:
        return False
    failed_there = call.http_status is not None and call.http_status >= 400  # noqa: PLR2004 - HTTP's own bound
    return not (call.outcome == "transient" and failed_there)
