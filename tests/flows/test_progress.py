from __future__ import annotations

from collections import Counter
from datetime import timedelta

from flows.progress import Progress
from schemas.records import CallRecord, PageRecord
from tests.sinks.rows import NOON, example


def page(status="ok"):
    return example(PageRecord, status=status, currency="CNY")


def test_kept_pages_are_done_and_do_not_count_as_speed():
    progress = Progress()
    progress.found(files=3, pages=100, kept=40)
    for second in range(1, 31):
        progress.page(page(), 0.01, second)
    assert progress.done == 70
    assert progress.per_minute(30) == 60
    assert progress.ends_at(30, NOON) == NOON + timedelta(seconds=30)


def test_the_rate_is_that_of_the_last_minute():
    progress = Progress()
    for second in range(100):
        progress.page(page(), 0.0, second)
    assert progress.per_minute(159) == 1
    assert progress.per_minute(500) is None


def test_the_total_is_never_less_than_what_is_done():
    progress = Progress(statuses=Counter(ok=5))
    assert progress.pace(0, NOON)[0] == "pages 5/5"


def test_the_line_says_what_it_took():
    progress = Progress()
    progress.found(files=1, pages=4, kept=0)
    sent = {"input_tokens": 1_210_000, "output_tokens": 190_000}
    progress.call(example(CallRecord, outcome="answered", attempt=1, **sent))
    progress.call(example(CallRecord, outcome="throttled", attempt=1))
    progress.call(example(CallRecord, outcome="transient", attempt=2))
    for status in ("ok", "failed", "suspect"):
        progress.page(page(status), 0.77, 30)
    assert " · ".join(progress.figures()) == (
        "tokens 1.21M in / 190.0k out · ¥2.31 · 429: 1 · retries 1 · failed 1 · flagged 1"
    )


def test_one_unknown_cost_makes_the_sum_unknown_and_keeps_what_is_known():
    progress = Progress()
    progress.page(page(), 1.2, 1)
    progress.page(page(), None, 2)
    assert progress.figures() == ["cost unknown (known ¥1.20)"]


def test_what_costs_nothing_is_not_told_as_money():
    progress = Progress()
    progress.page(page(), 0.0, 1)
    assert progress.figures() == []
