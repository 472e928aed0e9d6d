"""Of marks the last word on each answer counts, and what was asked keeps them apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from schemas.records import ReviewRecord
from tasks.evaluating.marks import review_scores, worth
from tests.sinks.rows import page

if TYPE_CHECKING:
    from collections.abc import Iterable

    from schemas.records import PageRecord

START = datetime(2026, 11, 21, tzinfo=UTC)


def answer(key: str, text: str, **more: Any) -> PageRecord:
    return page(request_key=key, text=text, operation="text", variant=None, blocks=None, flags=(), **more)


def marks(*said: tuple[PageRecord, str, str | None]) -> Iterable[ReviewRecord]:
    for minute, (of, mark, text) in enumerate(said):
        names = ("doc_id", "name", "source", "page_no", "request_key", "operation", "model", "variant")
        same = {name: getattr(of, name) for name in names}
        when = START + timedelta(minutes=minute)
        yield ReviewRecord(**same, mark=mark, corrected_text=text, marked_at=when)  # type: ignore[arg-type]


def wrong_chars(reviews: Iterable[ReviewRecord], *pages: PageRecord) -> list[int]:
    return [score.wrong_chars for score in review_scores(reviews, pages, ignore_case=False)]


ONE, OTHER = answer("one", "alpha"), answer("other", "alpho")


def test_a_correction_is_the_truth_of_every_answer_to_the_same_question() -> None:
    assert wrong_chars(marks((ONE, "corrected", "alpha")), ONE, OTHER) == [0, 1]


def test_a_mark_of_one_answer_hides_none_of_another() -> None:
    said = list(marks((ONE, "right", None), (OTHER, "wrong", None)))

    assert wrong_chars(said, ONE, OTHER) == [0]
    assert {each.name: (each.right, each.wrong) for each in worth(said, [ONE, OTHER])} == {
        "status ok": (1, 1),
        "no flag": (1, 1),
    }


def test_a_second_thought_replaces_the_first() -> None:
    assert wrong_chars(marks((ONE, "right", None), (ONE, "wrong", None)), ONE) == []


@pytest.mark.parametrize("variant", ["de", "fr"])
def test_a_correction_in_one_language_is_no_truth_in_another(variant: str) -> None:
    german = replace(ONE, operation="translation", variant="de", text="eins")
    asked = replace(german, variant=variant)

    assert len(wrong_chars(marks((german, "corrected", "zwei")), asked)) == (variant == "de")
