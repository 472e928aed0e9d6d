"""Fields of structured results: the same value in another spelling, lists without order, and what counts as found."""

from __future__ import annotations

from collections import Counter

import pytest

from tasks.evaluating.fields import field_checks, is_same
from tasks.evaluating.scores import CheckScore
from tasks.evaluating.totals import Fields, figures


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1939.0, "1.939,00"),
        (9, "RM 9.00"),
        ("9.00", 9.0),
        ("(3)", "-3"),
        ("€ 1 234,50", 1234.5),
        ("25/12/2018", "2018-12-25"),
        ("3 May 2024", "2024-05-03"),
        ("BOOK TA .K (TAMAN DAYA) SDN BHD", "Book Ta.K (Taman Daya) Sdn Bhd"),
        ("ＡＢＣ－１", "abc-1"),
        (True, True),
    ],
)
def test_values_are_the_same_that_mean_the_same(one, other):
    assert is_same(one, other)
    assert is_same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [(9, 9.5), ("-3", "3"), ("25/12/2018", "2018-12-24"), ("A & B", "A & C"), (True, False), ("3 May 2024", "3 May")],
)
def test_other_values_are_not(one, other):
    assert not is_same(one, other)


def outcomes(truth, found, aliases=None):
    return Counter((check.path, check.outcome) for check in field_checks(truth, found, aliases or {}))


def test_a_value_is_found_wrong_missing_or_invented():
    truth = {"number": "A-1", "total": 9.5, "date": "2024-05-03", "currency": None}
    found = {"number": "a-1", "total": 9.0, "currency": "EUR", "note": "not judged"}
    assert outcomes(truth, found) == {
        ("/number", "hit"): 1,
        ("/total", "wrong"): 1,
        ("/date", "missing"): 1,
        ("/currency", "extra"): 1,
    }


def test_lists_are_compared_as_bags_column_by_column():
    truth = {"lines": [{"name": "tea", "amount": 2}, {"name": "milk", "amount": 3}]}
    found = {"lines": [{"name": "Milk", "amount": 3}, {"name": "tea", "amount": 2}, {"name": "jam", "amount": 4}]}
    assert outcomes(truth, found) == {
        ("/lines/*/name", "hit"): 2,
        ("/lines/*/name", "extra"): 1,
        ("/lines/*/amount", "hit"): 2,
        ("/lines/*/amount", "extra"): 1,
    }


def test_a_field_may_be_called_otherwise():
    assert outcomes({"company": "A"}, {"merchant": "a"}, {"/company": "/merchant"}) == {("/company", "hit"): 1}


def test_nothing_extracted_is_everything_missed():
    assert outcomes({"a": 1, "b": {"c": 2}, "d": ""}, {}) == {("/a", "missing"): 1, ("/b/c", "missing"): 1}


def test_precision_recall_and_f1():
    fields = Fields(hit=6, wrong=2, missing=2, extra=0)
    assert (fields.precision, fields.recall, fields.f1) == (0.75, 0.6, pytest.approx(2 / 3))
    assert Fields().f1 is None


def test_figures_are_summed_for_each_model():
    def check(model, outcome):
        return CheckScore(
            source="a", name="a", page_no=None, operation="structured", model=model, check="field", kind="/a",
            outcome=outcome, expected="1",
        )  # fmt: skip

    one, other = figures([], [check("x", "hit"), check("x", "missing"), check("y", "hit")])
    assert (one.model, one.fields, one.by_field["/a"].recall) == ("x", Fields(hit=1, missing=1), 0.5)
    assert (other.model, other.fields.f1, other.cer) == ("y", 1.0, None)
