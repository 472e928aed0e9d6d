from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import ExitCode
from schemas.failure_limit import FailureLimit
from schemas.records import PageRecord
from tasks.tolerance import SAMPLE, Tolerance
from tests.sinks.rows import example

READ = ("ok", "blank", "truncated", "suspect", "skipped")


def page(status: str) -> PageRecord:
    return example(PageRecord, status=status)


def told(limit: FailureLimit | None, *statuses: str) -> Tolerance:
    tolerance = Tolerance(limit)
    for status in statuses:
        tolerance.count([page(status)])
    return tolerance


@pytest.mark.parametrize("status", ["failed", "blocked", "invalid"])
def test_one_more_than_the_number_is_too_many(status):
    assert told(FailureLimit(1, None), "ok", status).fault is None
    fault = told(FailureLimit(1, None), status, "ok", status).fault
    assert fault is not None
    assert str(fault) == "2 of 3 pages failed, more than --max-failures allows"
    assert fault.exit_code == ExitCode.TOO_MANY_FAILURES


def test_a_share_says_nothing_before_there_is_a_sample():
    limit = FailureLimit(None, 0.05)
    assert told(limit, *["failed"] * (SAMPLE - 1)).fault is None
    assert told(limit, *["failed"] * SAMPLE).fault is not None
    assert told(limit, "failed", *["ok"] * (SAMPLE - 1)).fault is None


def test_what_was_too_much_stays_too_much_whatever_comes_after():
    assert told(FailureLimit(None, 0.05), *["failed"] * SAMPLE, *["ok"] * 1_000).fault is not None


@given(st.lists(st.sampled_from(READ)))
def test_pages_that_were_read_never_stop_a_run(statuses):
    assert told(FailureLimit(0, None), *statuses).fault is None
    assert told(FailureLimit(None, 0.0), *statuses).fault is None


def test_without_a_limit_everything_may_fail():
    assert told(None, *["failed"] * 100).fault is None
