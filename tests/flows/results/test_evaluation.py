"""The command that holds results against the truth, on a finished output."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from flows import results
from flows.evaluation import evaluate
from schemas.errors import ExitCode, NoInput, UsageFault
from schemas.records import ReviewRecord
from tasks.reviews import add_reviews
from tests.flows.results.made import TABLE

pytestmark = pytest.mark.xdist_group("results")
ROOT = Path(__file__).parents[3]
PAGES = ["Contract\nBetween A and B.", f"Prices:\n{TABLE}\nThey hold until June.", ""]


def truth(folder: Path, **files: object) -> Path:
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_dot_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return folder


@pytest.fixture
def contracts(tmp_path):
    return truth(tmp_path / "truth", contracts__a_dot_md="\f".join(PAGES))


def test_what_was_read_right_has_no_errors(finished, contracts):
    found = evaluate(finished.out, contracts)
    (figures,) = found.figures
    assert (figures.documents, figures.texts, figures.cer, figures.wer, figures.word_f1) == (1, 3, 0.0, 0.0, 1.0)
    assert (figures.tables, figures.cell_f1, figures.relation_f1) == (1, 1.0, 1.0)
    assert found.unjudged == 4


def test_errors_are_counted_over_all_pages(finished, tmp_path):
    folder = truth(tmp_path, contracts__a_dot_txt="Contrast\nBetween A and B.\f" + "\f".join(PAGES[1:]))
    found = evaluate(finished.out, folder)
    assert sum(row.wrong_chars for row in found.texts) == 1
    assert found.figures[0].cer == pytest.approx(1 / sum(row.truth_chars for row in found.texts))


def test_one_text_is_that_of_the_whole_document(finished, tmp_path):
    found = evaluate(finished.out, truth(tmp_path, contracts__a_dot_md="\n".join(PAGES)))
    (row,) = found.texts
    assert (row.page_no, row.wrong_chars, row.status) == (None, 0, "blank, ok")


def test_files_of_one_name_need_their_folder(finished, tmp_path):
    found = evaluate(
        finished.out, truth(tmp_path, a_dot_txt="x", invoices__a_dot_txt="Invoice 2026-0041, 合计 41.20\fx")
    )
    assert {row.name for row in found.texts} == {"invoices/a.pdf"}
    assert [Path(origin).name for origin in found.ambiguous] == ["a.txt"]


def test_facts_and_values_are_looked_for_in_texts(finished, tmp_path):
    facts = [
        {"type": "present", "text": "between a and b", "page": 1},
        {"type": "order", "before": "Prices", "after": "June"},
        {"type": "table", "cell": "12.50", "left": "paper", "top_heading": "价格"},
        {"type": "absent", "text": "Contract", "page": 2},
        {"type": "present", "text": "nothing of the kind"},
        {"type": "baseline"},
    ]
    folder = truth(
        tmp_path,
        contracts__a_dot_facts_dot_jsonl="\n".join(map(json.dumps, facts)),
        invoices__a_dot_json={"number": "2026-0041", "total": 41.2, "buyer": None},
    )
    (figures,) = evaluate(finished.out, folder).figures
    assert figures.facts == {"absent": (1, 1), "order": (1, 1), "present": (1, 2), "table": (1, 1), "value": (2, 2)}


def test_the_command_prints_figures_and_writes_a_report(pagemill, finished, contracts, tmp_path):
    report = tmp_path / "report"
    code, out, err = pagemill("evaluate", "--out", finished.out, "--truth", contracts, "--to", report)
    assert code == ExitCode.OK
    assert "character error rate" in out
    assert "0.0%" in out
    assert "4 documents without a truth left out" in err
    assert "| character error rate | 0.0% |" in (report / "report.md").read_text()
    texts = pd.read_parquet(report / "texts.parquet")
    assert list(texts["page_no"]) == [1, 2, 3]
    assert pd.read_parquet(report / "checks.parquet").empty


def test_the_report_takes_nothing_for_markup(finished, tmp_path):
    fact = {"type": "present", "text": "<script>alert(1)</script> | [x](http://evil.example)"}
    folder = truth(tmp_path / "truth", contracts__a_dot_facts_dot_jsonl=json.dumps(fact))
    from flows.evaluation import report

    path, *_ = report.write(evaluate(finished.out, folder), tmp_path / "to")
    line = next(line for line in path.read_text().splitlines() if "alert" in line)
    assert r"&lt;script&gt;alert(1)&lt;/script&gt; \| \[x\](http://evil.example)" in line


def test_json_is_one_object(pagemill, finished, contracts):
    _, out, _ = pagemill("evaluate", "--out", finished.out, "--truth", contracts, "--json")
    told = json.loads(out)
    assert told["layout"] == "plain_files"
    assert told["figures"][0]["cer"] == 0.0
    assert told["figures"][0]["fields"]["f1"] is None


def marked(out: Path, tmp_path: Path) -> Path:
    """The output with a table of marks beside its own: one page right, one corrected, one only wrong."""
    beside = tmp_path / "reviewed"
    beside.mkdir()
    for path in out.iterdir():
        (beside / path.name).symlink_to(path)
    pages = results.open(out).pages.set_index(["name", "page_no"])
    when = datetime(2026, 11, 21, tzinfo=UTC)
    rows = []
    for (name, page_no), mark, text in (
        (("contracts/a.pdf", 1), "wrong", None),
        (("contracts/a.pdf", 1), "right", None),
        (("contracts/a.pdf", 2), "corrected", "Prices: paper 12.50"),
        (("invoices/a.pdf", 2), "wrong", None),
    ):
        page = pages.loc[(name, page_no)]
        of_page = {column: page[column] for column in ("doc_id", "source", "request_key", "operation", "model")}
        when += timedelta(minutes=1)
        review = ReviewRecord(**of_page, name=name, page_no=page_no, mark=mark, corrected_text=text, marked_at=when)
        rows.append(review)
    add_reviews(beside, rows, b"a list")
    return beside


def test_marks_of_reviewers_are_truth_and_say_what_flags_are_worth(finished, tmp_path, pagemill):
    out = marked(finished.out, tmp_path)
    found = evaluate(out)
    (figures,) = found.figures
    assert (figures.basis, figures.texts) == ("review", 2)  # a copy of the file is no other page
    assert {row.page_no: row.wrong_chars > 0 for row in found.texts} == {1: False, 2: True}
    worth = {each.name: (each.right, each.wrong) for each in found.worth}
    assert worth["flag refusal"] == (0, 1)
    assert worth["status suspect"] == (0, 1)
    code, out, _ = pagemill("evaluate", "--out", out)
    assert code == ExitCode.OK
    assert "flag refusal" in out


@pytest.mark.parametrize(
    ("files", "kind", "words"),
    [
        ({"other_dot_txt": "x"}, NoInput, "none of the 1 truths"),
        ({"a_dot_txt": "x"}, NoInput, "may be the truth of several documents"),
        ({}, NoInput, "holds no truth"),
        ({"contracts__a_dot_json": "{"}, UsageFault, "is no JSON: line 1"),
        ({"contracts__a_dot_json": "[1, 2]"}, UsageFault, "holds no JSON object"),
        (
            {"contracts__a_dot_facts_dot_jsonl": '\n{"type": "order", "before": "x"}'},
            UsageFault,
            "line 2 lacks 'before'",
        ),
    ],
)
def test_truth_that_does_not_do_is_told(finished, tmp_path, files, kind, words):
    with pytest.raises(kind, match=words):
        evaluate(finished.out, truth(tmp_path, **files))


def test_every_wrong_call_ends_in_a_sentence_and_its_exit_code(pagemill, finished, contracts, tmp_path):
    for words, code, said in (
        (("--out", finished.out), ExitCode.USAGE, "nothing to hold"),
        (("--out", tmp_path / "nowhere", "--truth", contracts), ExitCode.NO_INPUT, "nowhere"),
        (("--out", finished.out, "--truth", tmp_path / "none"), ExitCode.NO_INPUT, "no folder of truth"),
        (("--out", finished.out, "--truth", contracts, "--operation", "ask"), ExitCode.USAGE, "was read by 'ask'"),
        (("--out", finished.out, "--truth", contracts, "--to", finished.out / "x"), ExitCode.USAGE, "--to"),
    ):
        got, _, err = pagemill("evaluate", *words)
        assert (got, said in err) == (code, True), (words, err)


def test_evaluating_loads_no_model_and_no_server(finished, contracts):
    code = (
        f"import sys, flows.cli; flows.cli.main(['evaluate', '--out', {str(finished.out)!r}, '--truth', "
        f"{str(contracts)!r}, '--json']); sys.exit(bool({{'prefect', 'dashscope', 'onnxruntime'}} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False).returncode == 0


def test_the_examples_of_the_guide_run(finished, tmp_path, monkeypatch, pagemill):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").symlink_to(finished.out)
    truth(tmp_path / "data" / "truth", contracts__a_dot_md="\f".join(PAGES))
    guide = (ROOT / "docs" / "evaluating.md").read_text(encoding="utf-8")
    (command,) = re.findall(r"^\$ pagemill (.*)$", guide, re.MULTILINE)
    assert pagemill(*command.split())[0] == ExitCode.OK
    (example,) = re.findall(r"```python\n(.*?)```", guide, re.DOTALL)
    exec(compile(example, "docs/evaluating.md", "exec"), {})  # noqa: S102 - our own guide
