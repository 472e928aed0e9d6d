"""Marks of reviewers: on disk when they are made, the latest counts, and nobody else's are touched."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pandas as pd
import pytest

from flows import results
from schemas.errors import OutputFault
from schemas.records import ReviewRecord
from tasks import reviews
from tasks.aside import FOLDER
from tasks.dataset import open_dataset
from tasks.reviews import Sitting, add_reviews, latest_reviews, read_reviews
from tests.sinks.rows import NOON, example


def mark(mark="right", page_no=1, minutes=0, **values):
    return example(ReviewRecord, mark=mark, page_no=page_no, marked_at=NOON + timedelta(minutes=minutes), **values)


@pytest.fixture
def out(tmp_path):
    open_dataset(tmp_path)
    return tmp_path


def test_an_output_without_marks_has_none(out):
    assert read_reviews(out) == []
    with results.open(out) as read:
        assert read.reviews.empty


def test_a_mark_is_on_disk_when_it_is_made(out):
    sitting = Sitting(out, NOON)
    for made in (mark("wrong"), mark("corrected", 2, corrected_text="第二页", note="umlaut", reviewer="Ada")):
        sitting.mark(made)
        assert made in read_reviews(out)
    assert not list((out / FOLDER).iterdir())
    assert list(pd.read_parquet(out / "reviews")["corrected_text"].dropna()) == ["第二页"]


def test_the_latest_mark_of_a_page_counts_whoever_made_it(out):
    Sitting(out, NOON).mark(mark("wrong", minutes=5))
    Sitting(out, NOON).mark(mark("right"))
    Sitting(out, NOON).mark(mark("right", 2))

    assert sorted((it.page_no, it.mark) for it in latest_reviews(read_reviews(out)).values()) == [
        (1, "wrong"),
        (2, "right"),
    ]
    with results.open(out) as read:
        assert list(zip(read.reviews["page_no"], read.reviews["mark"], strict=True)) == [(1, "wrong"), (2, "right")]
    with results.open(out, history=True) as read:
        assert len(read.reviews) == 3


def test_marks_of_two_models_and_of_two_schemas_are_apart(out):
    sitting = Sitting(out, NOON)
    sitting.mark(mark("wrong", model="a"))
    sitting.mark(mark("right", model="b"))
    sitting.mark(mark("right", model="b", variant="invoice"))

    assert len(latest_reviews(read_reviews(out))) == 3


def test_a_long_sitting_is_written_in_parts(out, monkeypatch):
    monkeypatch.setattr(reviews, "PART_ROWS", 3)
    sitting = Sitting(out, NOON)
    for page_no in range(1, 8):
        sitting.mark(mark(page_no=page_no))

    assert len(list((out / "reviews").iterdir())) == 3
    assert sorted(it.page_no for it in read_reviews(out)) == list(range(1, 8))


def test_marks_made_at_once_are_all_kept(out):
    sitting = Sitting(out, NOON)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda page_no: sitting.mark(mark(page_no=page_no)), range(1, 41)))

    assert sorted(it.page_no for it in read_reviews(out)) == list(range(1, 41))


def test_the_same_marks_imported_twice_are_there_once(out):
    for _ in range(2):
        add_reviews(out, [mark(), mark("wrong", 2)], b"the file they came in")

    assert len(read_reviews(out)) == 2


def test_a_mark_that_cannot_be_written_is_not_made(out):
    (out / "reviews").touch()

    with pytest.raises(OutputFault):
        Sitting(out, NOON).mark(mark())


def test_a_damaged_part_is_named(out):
    Sitting(out, NOON).mark(mark())
    (out / "reviews" / "odd.parquet").write_bytes(b"nothing")

    with pytest.raises(OutputFault, match=r"odd\.parquet"):
        read_reviews(out)
