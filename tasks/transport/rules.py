"""A service's errors sorted into ours, by a table of rules in `data/`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict

from schemas import errors
from schemas.errors import CallError, RunError, ThrottledCall, TransientCallError
from schemas.models import ModelSpec
from tasks.transport.failures import Failure, retry_after
from tasks.transport.wirelog import WireLog

MOST_CHARACTERS = 500
"""How much of a message is kept; a gateway's error page can be long."""


class Rule(BaseModel):
    """One row of a table."""

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
def rules_in(table: str) -> tuple[Rule, ...]:
    """Read a table of `data/`."""
    text = resources.files("data").joinpath(table).read_text(encoding="utf-8")
    return tuple(Rule.model_validate(row) for row in tomllib.loads(text)["rule"])


def error_of(failure: Failure, rules: Sequence[Rule], log: WireLog, spec: ModelSpec) -> CallError | RunError:
    """Make the error that the failure means by the first rule that fits; unknown ones are worth another try."""
    rule = next((rule for rule in rules if rule.fits(failure)), OTHER)
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
