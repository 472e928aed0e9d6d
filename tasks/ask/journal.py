"""Rows of the call journal: one for each wire send, opened before it leaves, closed with what came of it."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, replace
from datetime import datetime

from schemas.errors import CallError, CallTimeout, PermanentCallError, RunError, ThrottledCall
from schemas.records import CallOutcome, CallRecord
from schemas.requests import ModelRequest, ModelResponse
from schemas.wire import WireSend


def opened(request: ModelRequest, *, run_id: str, attempt: int, now: datetime) -> CallRecord:
    """Give the row of a send that is about to leave."""
    recipe, span = request.recipe, request.span
    return CallRecord(
        call_id=uuid.uuid4().hex,
        run_id=run_id,
        request_key=request.key,
        base_key=request.base_key,
        doc_id=span.document.doc_id,
        pages=",".join(map(str, span.page_nos)),
        operation=recipe.operation,
        attempt=attempt,
        lane="realtime",
        backend=recipe.backend,
        model=recipe.model,
        outcome="open",
        started_at=now,
    )


def answered(row: CallRecord, response: ModelResponse, now: datetime) -> list[CallRecord]:
    """Close the row with its answer; sends that were dropped before it get rows of their own."""
    *dropped, last = _sends(row, response.sends, now)
    raw = response.raw.get("usage")
    closed = replace(
        last,
        **asdict(response.usage),
        outcome="answered",
        http_status=last.http_status or response.status,
        request_id=response.request_id,
        stop_reason=response.stop_reason,
        usage_raw=None if raw is None else json.dumps(raw, ensure_ascii=False),
    )
    return [*map(_dropped, dropped), closed]


def failed(row: CallRecord, error: CallError | RunError, now: datetime) -> list[CallRecord]:
    """Close the row with its error; sends that were dropped before it get rows of their own."""
    *dropped, last = _sends(row, error.sends, now)
    closed = replace(
        last,
        outcome=_outcome(error),
        http_status=last.http_status or error.status,
        code=error.code,
        message=str(error),
        request_id=error.request_id,
    )
    return [*map(_dropped, dropped), closed]


def _sends(row: CallRecord, sends: tuple[WireSend, ...], now: datetime) -> list[CallRecord]:
    """Spread the row over what went over the wire: the first send is the one that was opened."""
    if not sends:
        return [replace(row, ended_at=now)]
    return [
        replace(
            row,
            call_id=row.call_id if number == 0 else uuid.uuid4().hex,
            started_at=send.started_at,
            first_byte_at=send.first_byte_at,
            ended_at=send.ended_at or now,
            http_status=send.status,
        )
        for number, send in enumerate(sends)
    ]


def _dropped(row: CallRecord) -> CallRecord:
    return replace(row, outcome="transient", message="dropped, and sent again at once by the transport")


def _outcome(error: CallError | RunError) -> CallOutcome:
    match error:
        case ThrottledCall():
            return "throttled"
        case CallTimeout():
            return "timeout"
        case PermanentCallError():
            return "permanent"
        case RunError():
            return "fatal"
        case _:
            return "transient"
