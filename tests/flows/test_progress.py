from __future__ import annotations

from collections import Counter
from datetime import timedelta

from flows.progress import Progress
from schemas.records import CallRecord, PageRecord
from tasks.account import tally
from tests.sinks.rows import NOON, example


def page(status="ok"):
    return example(PageRecord, status=status)


def tell(progress, **values):
    call = example(CallRecord, currency="CNY", **values)
    progress.call(call, tally([call]))


def test_kept_pages_are_done_and_do_not_count_as_speed():
    progress = Progress()
    progress.found(files=3, pages=100, kept=40)
    for second in range(1, 31):
        progress.page(page(), second)
    assert progress.done == 70
    assert progress.per_minute(30) == 60
    assert progress.ends_at(30, NOON) == NOON + timedelta(seconds=30)


def test_the_rate_is_that_of_the_last_minute():
    progress = Progress()
    for second in range(100):
        progress.page(page(), second)
    assert progress.per_minute(159) == 1
    assert progress.per_minute(500) is None


def test_the_total_is_never_less_than_what_is_done():
    progress = Progress(statuses=Counter(ok=5))
    assert progress.pace(0, NOON)[0] == "pages 5/5"


def test_the_line_says_what_it_took():
    progress = Progress()
    progress.found(files=1, pages=4, kept=0)
    tell(progress, outcome="answered", attempt=1, input_tokens=1_210_000, output_tokens=190_000, cost=2.31)
    tell(progress, outcome="throttled", attempt=1, cost=0.0)
    tell(progress, outcome="transient", attempt=2, cost=0.0)
    for status in ("ok", "failed", "suspect"):
        progress.page(page(status), 30)
    assert " · ".join(progress.figures()) == (
        "tokens 1.21M in / 190.0k out · ¥2.31 · 429: 1 · retries 1 · failed 1 · flagged 1"
    )


def test_one_unknown_cost_makes_the_sum_unknown_and_keeps_what_is_known():
    progress = Progress()
    tell(progress, outcome="answered", cost=1.2)
    tell(progress, outcome="timeout", cost=None)
    assert progress.figures() == ["cost unknown (known ¥1.20)"]


def test_what_costs_nothing_is_not_told_as_money():
    progress = Progress()
    progress.page(page(), 1)
    assert progress.figures() == []
