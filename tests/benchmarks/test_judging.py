"""What judging finds of planted faults, on a small part of what the benchmark takes."""

from __future__ import annotations

import pytest

from benchmarks.judged_pages import parallel_pages
from benchmarks.judging import alarms, recalls, verdict
from benchmarks.judging_faults import FAULTS
from tests.papers import corpus

SURE = {
    "a blank page answered with text",
    "a written page answered with nothing",
    "a loop to the end",
    "a loop that ends",
    "one line again and again, counted",
    "a refusal, in twelve languages",
    "translated instead of transcribed",
    "an instruction on the page obeyed",
    "an instruction hidden in the layer",
}


@pytest.fixture(scope="module")
def pages():
    return list(parallel_pages(corpus("udhr"), frozenset({"en", "zh"})))


def test_honest_answers_have_no_flags(pages):
    assert len(pages) == 14
    found, named = alarms(pages)
    assert (dict(found), named) == ({}, [])


def test_planted_faults_are_found(pages):
    found = recalls(pages)
    assert set(found) == set(FAULTS)
    for name, (planted, by_signal, _) in found.items():
        if name in SURE:
            assert by_signal == planted > 0, name
    for name in ("three fifths of the page cut off", "the answer of another document"):
        planted, _, suspect = found[name]
        assert suspect >= 0.8 * planted > 0, name


def test_a_fault_changes_the_verdict_and_the_page_itself_does_not(pages):
    assert verdict(pages[0], pages[0].answer).status == "ok"
    assert verdict(pages[0], "").status == "suspect"
