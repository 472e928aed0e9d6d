"""What a service said instead of an answer, or what befell the call, before it is known what that means."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from pydantic import SecretStr

from schemas.errors import CallError, CallTimeout, TransientCallError
from schemas.wire import NOT_SENT
from tasks.transport.values import string, word
from tasks.transport.wirelog import WireLog

ERROR_STATUSES = range(400, 600)


@dataclass(frozen=True, slots=True)
class Failure:
    """What the service said instead of an answer, or what befell the call; then `kind` says so.

    `status` is None where it is not known, as of an error in a stream.
    """

    message: str
    code: str | None = None
    status: int | None = None
    request_id: str | None = None
    kind: type[CallError] | None = None


def befallen(error: Exception, log: WireLog, timeout: float) -> Failure:
    """Say what an exception of the transport means; it can hold the key itself, so nothing else of it is kept."""
    if not log.sends:
        return Failure(f"could not be sent: {named(error)}", NOT_SENT, kind=TransientCallError)
    if isinstance(error, TimeoutError):
        return Failure(f"no answer within {timeout:g} s", kind=CallTimeout)
    if isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError | OSError):
        return Failure(f"the connection was lost: {named(error)}", kind=TransientCallError)
    return Failure(f"the answer cannot be read ({type(error).__name__})", status=log.status)


def named(error: Exception) -> str:
    """Name an exception and what it says."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def discreet(failure: Failure, key: SecretStr | None) -> Failure:
    """Take the key out of whatever the service says; some gateways repeat it."""
    if key is None:
        return failure
    said = {name: getattr(failure, name) for name in ("message", "code", "request_id")}
    clean = {name: text and text.replace(key.get_secret_value(), "***") for name, text in said.items()}
    return replace(failure, **clean)


def told_in(body: bytes) -> Failure | None:
    """Find code and message in the body of an answer; None if it tells nothing."""
    try:
        return told_by(json.loads(body))
    except ValueError:
        return None


def told_by(value: Any) -> Failure | None:
    """Find code and message in DashScope's native shape, in OpenAI's, or in those that servers of its protocol use.

    Some of these give the HTTP status for a code; then the name of the error's type is the code.
    """
    if not isinstance(value, dict):
        return None
    nested = isinstance(value.get("error"), dict)
    said = value["error"] if nested else value
    status = said.get("code") if said.get("code") in ERROR_STATUSES else None
    code = said.get("code") if status is None else None
    if nested or status is not None:
        code = code or said.get("type")
    message = string(said.get("message")) or string(value.get("error")) or string(value.get("detail"))
    if not code and not message:
        return None
    return Failure(message, word(code), status, word(value.get("request_id") or value.get("id")))


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Read how long the service asks to wait, in seconds: it may say so in seconds or as a date."""
    value = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - (now or datetime.now(UTC))).total_seconds())
