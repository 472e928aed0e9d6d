"""The service's errors sorted into ours, by the table `data/dashscope_errors.toml`."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict

from schemas import errors
from schemas.errors import CallError, RunError, ThrottledCall, TransientCallError
from schemas.models import ModelSpec
from tasks.backends.dashscope.wirelog import WireLog

MOST_CHARACTERS = 500
"""How much of a message is kept; a gateway's error page can be long."""


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


class Rule(BaseModel):
    """One row of the table."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    raises: str
    status: tuple[int, ...] = ()
    code: str | None = None
    message: str | None = None
    tokens: bool = False
    advice: str = ""

    def fits(self, failure: Failure) -> bool:
        """Whether everything that the rule names fits."""
        if self.status and failure.status not in self.status:
            return False
        if self.code and not re.fullmatch(self.code, failure.code or "", re.IGNORECASE):
            return False
        return not self.message or re.search(self.message, failure.message, re.IGNORECASE | re.DOTALL) is not None


OTHER = Rule(raises=TransientCallError.__name__)


@cache
def rules() -> tuple[Rule, ...]:
    """Read the table."""
    text = resources.files("data").joinpath("dashscope_errors.toml").read_text(encoding="utf-8")
    return tuple(Rule.model_validate(row) for row in tomllib.loads(text)["rule"])


def error_of(failure: Failure, log: WireLog, spec: ModelSpec) -> CallError | RunError:
    """Make the error that the failure means; unknown ones are worth another try."""
    rule = next((rule for rule in rules() if rule.fits(failure)), OTHER)
    kind: type[CallError | RunError] = failure.kind or getattr(errors, rule.raises)
    facts: dict[str, Any] = {
        "code": failure.code,
        "status": log.status,
        "request_id": failure.request_id,
        "sends": log.sends,
    }
    if issubclass(kind, ThrottledCall):
        facts |= {"retry_after": retry_after(log.headers), "tokens": rule.tokens}
    if issubclass(kind, RunError):
        facts["advice"] = _advice(rule, kind, spec)
    return kind(_sentence(failure), **facts)


def _advice(rule: Rule, kind: type[RunError], spec: ModelSpec) -> str:
    advice = rule.advice.replace("{model}", spec.name)
    if issubclass(kind, errors.ModelUnavailable) and spec.successor:
        return f"{advice}; its successor is {spec.successor}"
    return advice


def _sentence(failure: Failure) -> str:
    said = " ".join(failure.message.split())[:MOST_CHARACTERS] or "no reason given"
    known = [part for part in (failure.code, failure.status and f"HTTP {failure.status}") if part]
    return f"{' / '.join(known)}: {said}" if known else said


def completed(failure: Failure, log: WireLog) -> Failure:
    """Add what the SDK lost: it knows only native errors, and gives every error in a stream the status 400."""
    if failure.status is not None and failure.status != log.status:
        failure = replace(failure, status=None)
    told = None if failure.code or failure.kind else told_in(log.body)
    return replace(told, status=failure.status) if told else failure


def told_in(body: bytes) -> Failure | None:
    """Find code and message in a body that the SDK could not make sense of, native or in OpenAI's shape."""
    try:
        value = json.loads(body)
    except ValueError:
        return None
    if not isinstance(value, dict):
        return None
    error = value["error"] if isinstance(value.get("error"), dict) else value
    code = error.get("code") or (error.get("type") if error is not value else None)
    if not code and not error.get("message"):
        return None
    request_id = value.get("request_id") or value.get("id")
    return Failure(str(error.get("message") or ""), _word(code), request_id=_word(request_id))


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


def _word(value: object) -> str | None:
    return str(value) if value else None
