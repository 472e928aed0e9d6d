"""What counts as an error of a character or a word, and what does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.evaluating.characters import text_errors
from tasks.evaluating.normal import normalized, plain, words


def test_markup_spaces_and_typography_are_no_errors():
    errors = text_errors("Total: “9.90” – paid\nﬁnal", '# **Total**:   "9.90" - paid\n\n<p>final</p> <!-- page 1 -->')
    assert (errors.wrong_chars, errors.wrong_words, errors.lost_chars, errors.extra_chars) == (0, 0, 0, 0)
    assert errors.truth_chars == len('Total: "9.90" - paid final')


def test_a_wrong_letter_is_one_error_and_one_wrong_word():
    errors = text_errors("Tea with milk", "Tea with silk")
    assert (errors.wrong_chars, errors.wrong_words, errors.truth_words, errors.shared_words) == (1, 1, 3, 2)


def test_case_counts_unless_it_is_not_to():
    assert text_errors("TOTAL", "Total").wrong_chars == 4
    assert text_errors("TOTAL", "Total", ignore_case=True).wrong_chars == 0


def test_another_order_is_an_error_in_order_and_none_without():
    errors = text_errors("left column\nright column", "right column\nleft column")
    assert errors.wrong_chars > 0
    assert (errors.lost_chars, errors.extra_chars) == (0, 0)


def test_wrong_missing_and_invented_characters_are_counted():
    errors = text_errors("Tea with milk\nThank you, come again", "Tea with silk and nothing but")
    assert errors.lost_chars == 1 + len("Thankyou,comeagain")
    assert errors.extra_chars == len("andnothingbut")


def test_a_line_is_found_once():
    assert text_errors("the same line\nthe same line", "the same line").lost_chars == len("thesameline")


def test_nothing_read_is_everything_missed():
    errors = text_errors("Tea with milk", "")
    assert errors.wrong_chars == errors.truth_chars == len("Tea with milk")
    assert errors.lost_chars == len("Teawithmilk")


def test_a_chinese_character_is_a_word_and_marks_are_none():
    assert words("Total: 9.90 合同, (x)") == ["Total", "9.90", "合", "同", "x"]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("| a | b |\n|---|:-:|\n| 1 | 2 |", "a b 1 2"),
        ("<table><tr><td>a</td><td>b &amp; c</td></tr></table>", "a b & c"),
        ("![stamp: paid] and [a link](http://x.example)", "and a link"),
        ("- one\n- two ~~three~~ `four`", "one two three four"),
        ("snake_case stays, _this_ loses its marks", "snake_case stays, this loses its marks"),
        ("a < b and c > d", "a < b and c > d"),
        ("Chapter ........ 12", "Chapter 12"),
        ("合同\n双方 A 与 B", "合同双方 A 与 B"),
    ],
)
def test_what_is_seen_is_what_is_compared(text, seen):
    assert normalized(plain(text)) == seen


@given(st.text(max_size=200), st.text(max_size=200))
def test_errors_are_bounded_by_what_there_is(truth, text):
    errors = text_errors(truth, text)
    assert 0 <= errors.lost_chars <= errors.line_chars
    assert errors.shared_words <= min(errors.truth_words, errors.read_words)
    same = text_errors(truth, truth)
    assert (same.wrong_chars, same.wrong_words, same.lost_chars, same.extra_chars) == (0, 0, 0, 0)
