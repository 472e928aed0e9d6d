"""The service's errors: what the SDK lost of them, and the table `data/dashscope_errors.toml` that sorts them."""

from __future__ import annotations

from dataclasses import replace

from tasks.transport.failures import Failure, told_in
from tasks.transport.rules import Rule, rules_in
from tasks.transport.wirelog import WireLog


def rules() -> tuple[Rule, ...]:
    """Read the table."""
    return rules_in("dashscope_errors.toml")


def completed(failure: Failure, log: WireLog) -> Failure:
    """Add what the SDK lost: it knows only native errors, and gives every error in a stream the status 400."""
    if failure.status is not None and failure.status != log.status:
        failure = replace(failure, status=None)
    told = None if failure.code or failure.kind else told_in(log.body)
    return replace(told, status=failure.status) if told else failure
