"""How values can stand on a page."""

from __future__ import annotations

import pytest

from flows.review.written import ways_written


@pytest.mark.parametrize(
    ("value", "among"),
    [
        (1234.5, {"1,234.50", "1234.50", "1.234,50", "1234,50", "1234.5"}),
        (7000, {"7,000.00", "7000.00", "7,000", "7000"}),
        (0.35, {"0.35", "0,35"}),
        ("2026-03-18", {"2026-03-18", "2026年03月18日", "2026年3月18日", "18 March 2026", "18.03.2026"}),
        (" MF-20417 ", {"MF-20417"}),
    ],
)
def test_a_value_is_looked_for_as_it_may_be_printed(value, among):
    assert among <= set(ways_written(value))


@pytest.mark.parametrize("value", [None, True, False, "", "x", " 7 "])
def test_what_stands_everywhere_is_not_looked_for(value):
    assert ways_written(value) == ()


def test_a_figure_is_not_looked_for_by_its_first_digits():
    assert all(len(way) > 1 for value in (7, 0.5, 12, 100) for way in ways_written(value))
    assert "1" not in ways_written(1)
