"""The guide to data out of pages says what is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from flows.options import option_of
from tasks.extraction.check import violations
from tasks.extraction.merge import merge
from tasks.extraction.schema import find, names
from tasks.operations.structured import MENDED, MOST_REPAIRS

GUIDE = (Path(__file__).parents[2] / "docs" / "structured.md").read_text(encoding="utf-8")


def test_every_shipped_schema_and_option_is_in_the_guide():
    assert all(f"`{name}`" in GUIDE for name in names())
    assert all(option_of(field) in GUIDE for field in ("extraction_schema", "span_pages", "evidence"))
    assert f"`{MENDED.name}` ({MENDED.score})" in GUIDE
    assert MOST_REPAIRS == 2
    assert "twice at most" in GUIDE.replace("\n", " ")


def test_the_model_in_the_guide_can_be_copied(tmp_path, monkeypatch):
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
    (tmp_path / "papers.py").write_text(code)
    monkeypatch.chdir(tmp_path)

    schema = find("papers:Delivery")

    assert violations({"number": "7", "delivered_on": "2024-04-19"}, schema) == ()
    assert violations({"number": "7", "delivered_on": "tomorrow"}, schema) == (
        "/delivered_on: 'tomorrow' is not a 'date'",
    )


def test_the_conflict_in_the_guide_is_one():
    (shown,) = re.findall(r"`(\[\{.*\}\])`", GUIDE)
    (conflict,) = json.loads(shown)
    values = [said["value"] for said in (conflict["kept"], *conflict["others"])]

    (found,) = merge([{"total_amount": value} for value in values]).conflicts

    assert (found.path, found.kept.value, found.others[0].value) == (conflict["path"], *values)


def test_the_query_in_the_guide_finds_what_stands_in_no_layer(tmp_path, monkeypatch):
    (query,) = re.findall(r"^    select(?:.|\n    )*", GUIDE, re.MULTILINE)
    (shown,) = re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)
    known = [*json.loads(shown), {"path": "/total", "page": 1, "quote": None, "in_text_layer": False}]
    folder = tmp_path / "results" / "pages"
    folder.mkdir(parents=True)
    frame = pd.DataFrame({"name": ["a.pdf", "b.pdf"], "page_no": [1, 1], "evidence": [json.dumps(known), None]})
    frame.to_parquet(folder / "one.parquet")
    monkeypatch.chdir(tmp_path)

    assert duckdb.connect().execute(query).fetchall() == [("a.pdf", 1, "/total")]


@pytest.mark.parametrize("sentence", ["The local backend cannot fill a schema.", "three levels of nested objects"])
def test_what_cannot_be_done_is_said(sentence):
    assert sentence in GUIDE
