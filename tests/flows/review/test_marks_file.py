"""Marks that come in a file: checked before any is kept."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from flows import results
from flows.cli import main
from flows.review.gathered import gather
from schemas.errors import ExitCode
from tasks.dataset import known_dataset
from tests.flows.review.made import fill


@pytest.fixture
def made(tmp_path):
    return fill(tmp_path)


def said(out, **values):
    with results.open(out) as read:
        gathered = gather(read, limit=100)
    page = gathered.pages[gathered.lines[0].id]
    mark = {"id": gathered.lines[0].id, "doc_id": page.doc_id, "request_key": page.request_key, "mark": "right"}
    return mark | {"marked_at": "2026-03-14T12:00:00Z"} | values


def written(path, out, *marks):
    content = {"pagemill_marks": 1, "dataset_id": known_dataset(out).dataset_id, "marks": list(marks)}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_marks_keep_the_time_at_which_they_were_made(made, tmp_path, capsys):
    marks = written(tmp_path / "marks.json", made, said(made))

    assert main(["review", "--out", str(made), "--import", str(marks), "--json"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == {"marks": 1, "left_out": 0}
    assert str(pd.read_parquet(made / "reviews")["marked_at"][0]) == "2026-03-14 12:00:00+00:00"


def test_marks_of_pages_that_are_gone_are_left_out(made, tmp_path, capsys):
    marks = written(tmp_path / "marks.json", made, said(made, id="gone"), said(made, doc_id="f" * 64))

    assert main(["review", "--out", str(made), "--import", str(marks)]) == ExitCode.OK
    assert "0 marks taken in; 2 marks of pages that are no longer there left out" in capsys.readouterr().out
    assert not (made / "reviews").exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "it holds no marks of a review"),
        ('{"pagemill_marks": 1, "dataset_id": "x", "marks": []}', "made of another output"),
        ('{"pagemill_marks": 1, "dataset_id": "x", "marks": [{"mark": "great"}]}', "it holds no marks of a review"),
    ],
)
def test_what_is_no_file_of_marks_is_refused(made, tmp_path, capsys, content, said):
    (tmp_path / "marks.json").write_text(content, encoding="utf-8")

    assert main(["review", "--out", str(made), "--import", str(tmp_path / "marks.json")]) == ExitCode.USAGE
    assert said in capsys.readouterr().err


def test_a_file_of_marks_that_is_not_there_is_named(made, capsys):
    assert main(["review", "--out", str(made), "--import", "nowhere.json"]) == ExitCode.USAGE
    assert "nowhere.json" in capsys.readouterr().err
    assert not (made / "reviews").exists()
