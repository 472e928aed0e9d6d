"""Page ranges as users write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.page_ranges import PageRange, parse_page_ranges, select_pages


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("1-3,7", (PageRange(1, 3), PageRange(7, 7))),
        (" 2 - 4 ", (PageRange(2, 4),)),
        ("10-", (PageRange(10, None),)),
        (None, None),
    ],
)
def test_ranges_are_parsed(text, ranges):
    assert parse_page_ranges(text) == ranges


@pytest.mark.parametrize("text", ["", "0", "3-1", "a", "1,,2", "-3", "1-2-3", "1;2", "٣a"])
def test_what_is_no_range_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="pages"):
        parse_page_ranges(text)


def test_pages_come_in_order_and_once():
    assert select_pages(10, (PageRange(7, 8), PageRange(1, 3), PageRange(2, 2))) == (1, 2, 3, 7, 8)
    assert select_pages(3, (PageRange(2, None),)) == (2, 3)
    assert select_pages(3, (PageRange(5, 9),)) == ()
    assert select_pages(2, None) == (1, 2)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), min_size=1, max_size=5), st.integers(0, 60))
def test_only_pages_of_the_document_are_selected(pairs, count):
    text = ",".join(f"{first}-{first + more}" for first, more in pairs)

    pages = select_pages(count, parse_page_ranges(text))

    assert set(pages) == {page for first, more in pairs for page in range(first, first + more + 1) if page <= count}
