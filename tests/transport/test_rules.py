from __future__ import annotations

import re

import pytest

from schemas import errors
from schemas.errors import CallError, RunError, ThrottledCall
from tasks.transport.rules import rules_in


@pytest.mark.parametrize("table", ["dashscope_errors.toml", "openai_errors.toml"])
def test_every_rule_names_a_class_of_ours_and_mends_what_stops_a_run(table: str) -> None:
    for rule in rules_in(table):
        kind = getattr(errors, rule.raises)
        assert issubclass(kind, CallError | RunError), rule
        assert bool(rule.advice) == issubclass(kind, RunError), rule
        assert not rule.tokens or kind is ThrottledCall, rule
        re.compile(rule.code or "")
        re.compile(rule.message or "")
        assert rule.status or rule.code or rule.message, rule
