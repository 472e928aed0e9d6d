"""The measures of accuracy: what counts as an error, and what does not."""

from __future__ import annotations

import pytest

from benchmarks.measures import character_errors, has, has_amount, has_cell, place_of, word_hits


def test_order_spaces_case_and_markup_are_no_errors() -> None:
    errors = character_errors(["TOTAL 9.90", "Tea with milk"], "# Tea with **milk**\n\n|total|9.90|")
    assert (errors.truth, errors.wrong, errors.extra) == (20, 0, 0)


def test_wrong_missing_and_invented_characters_are_counted() -> None:
    errors = character_errors(["Tea with milk", "Thank you, come again"], "Tea with silk and nothing but")
    assert errors.wrong == 1 + len("Thankyou,comeagain")
    assert errors.extra == len("andnothingbut")


def test_a_line_is_found_once() -> None:
    assert character_errors(["the same line", "the same line"], "the same line").wrong == len("thesameline")


def test_words_are_counted_as_often_as_they_stand() -> None:
    hits = word_hits("one two two", "two one three")
    assert (hits.truth, hits.read, hits.both) == (3, 3, 2)
    assert word_hits("合同双方", "合同双万").both == 2


@pytest.mark.parametrize("written", ["1,939.00", "1.939,00", "1 939.00", "1939", "Rs.1939.00"])
def test_an_amount_is_found_in_any_spelling(written: str) -> None:
    assert has_amount(f"Total: {written} due", 1939.0)
    assert not has_amount(f"Total: {written} due", 1938.0)


def test_a_fact_may_differ_by_so_many_characters() -> None:
    assert has("the quick brown fox", "quick brovn", differences=1)
    assert not has("the quick brown fox", "quick brovn")
    assert place_of("the quick brown fox", "brown") == len("thequick")


def test_a_cell_is_found_with_its_neighbours_and_headings() -> None:
    text = "|Item|2023|2022|\n|---|---|---|\n|Debt|9|8|\n|Cash|7|6|"
    assert has_cell(text, {"cell": "7", "up": "9", "right": "6", "left_heading": "Cash", "top_heading": "2023"})
    assert not has_cell(text, {"cell": "7", "top_heading": "2022"})
    assert not has_cell(text, {"cell": "7", "down": "9"})
