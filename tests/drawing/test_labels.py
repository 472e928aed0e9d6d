from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.drawing.labels import numeral, page_labels


@pytest.mark.parametrize(
    ("number", "style", "written"),
    [
        (1, "D", "1"),
        (4, "r", "iv"),
        (1994, "R", "MCMXCIV"),
        (26, "a", "z"),
        (27, "a", "aa"),
        (53, "A", "AAA"),
        (7, "", ""),
        (0, "r", "0"),
        (4_001, "R", "4001"),
    ],
)
def test_numerals_are_those_of_the_format(number, style, written):
    assert numeral(number, style) == written


def test_plain_numbers_are_no_labels():
    assert page_labels([], 3) == ()
    assert page_labels([{"startpage": 0, "style": "D"}], 3) == ()
    assert page_labels([{"startpage": 0, "style": ""}], 3) == ()


def test_rules_apply_from_their_page_on_in_any_order():
    rules = [{"startpage": 2, "style": "D"}, {"startpage": 0, "style": "r", "prefix": "p-"}]
    assert page_labels(rules, 4) == ("p-i", "p-ii", "1", "2")


def test_rules_that_do_not_cover_the_document_name_nothing():
    assert page_labels([{"startpage": 1, "style": "r"}], 3) == ()


@given(
    st.lists(
        st.fixed_dictionaries(
            {"startpage": st.integers(0, 30)},
            optional={"style": st.sampled_from(["D", "r", "A", ""]), "firstpagenum": st.integers(-5, 5_000)},
        )
    ),
    st.integers(1, 25),
)
def test_there_is_a_label_for_every_page_or_none_at_all(rules, page_count):
    assert len(page_labels(rules, page_count)) in {0, page_count}
