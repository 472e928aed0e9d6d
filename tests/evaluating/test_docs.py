"""The page on evaluating: its facts are facts, and it names every kind and every layout."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

from flows.evaluation.truths import olmocr_bench
from tasks.evaluating.truth import FactKind

PAGE = (Path(__file__).parents[2] / "docs" / "evaluating.md").read_text(encoding="utf-8")
FACTS = re.findall(r"^\{.*\}$", PAGE, re.MULTILINE)


def test_the_facts_of_the_page_can_be_read():
    facts = [olmocr_bench.fact_of(json.loads(line), "docs/evaluating.md") for line in FACTS]
    assert {fact.kind for fact in facts} == set(get_args(FactKind))


def test_every_name_of_a_figure_is_explained():
    for name in ("character error rate", "in any order", "word error rate", "word F1", "cell F1", "relation F1"):
        assert f"**{name}" in PAGE.replace("**Word F1", "**word F1"), name
