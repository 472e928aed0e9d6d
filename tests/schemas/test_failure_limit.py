from __future__ import annotations

import pytest

from schemas.config import RunConfig
from schemas.failure_limit import FailureLimit, parse_failure_limit


@pytest.mark.parametrize(
    ("text", "limit"),
    [
        (None, None),
        ("0", FailureLimit(0, None)),
        ("200", FailureLimit(200, None)),
        (" 5 % ", FailureLimit(None, 0.05)),
        ("0%", FailureLimit(None, 0.0)),
        ("2.5%", FailureLimit(None, 0.025)),
    ],
)
def test_a_limit_is_a_number_or_a_share(text, limit):
    assert parse_failure_limit(text) == limit
    assert RunConfig(sources=("in",), out="out", max_failures=text).failure_limit == limit


@pytest.mark.parametrize("text", ["", "many", "-1", "5.5", "100%", "1000%", "%", "5%%", "nan%", "1e3"])
def test_anything_else_is_refused_with_what_may_be_written(text):
    with pytest.raises(ValueError, match="write a number of pages like 200, or a share below 100% like 5%"):
        RunConfig(sources=("in",), out="out", max_failures=text)
