"""The checks on real translations in nine languages, with and without planted faults."""

import os
from pathlib import Path

import pytest

from benchmarks.translation_checks import false_alarms, recalls, sample

TEXTS = Path(__file__).parents[2].parent / "shared" / "corpus" / "udhr"


@pytest.fixture(scope="module")
def pages():
    if not TEXTS.is_dir() and not os.environ.get("CI"):
        pytest.skip("the parallel texts are not here")
    return sample(TEXTS, 1)


def test_translations_by_humans_raise_hardly_an_alarm(pages):
    assert len(pages) == 72
    assert false_alarms(pages)["any"] <= 1


def test_planted_faults_are_found(pages):
    figures = recalls(pages[::3])
    for name, (planted, found, suspect) in figures.items():
        wanted = 0.4 if name == "half of a paragraph dropped" else 0.8
        assert planted >= 12, name
        assert suspect >= found >= wanted * planted, name
