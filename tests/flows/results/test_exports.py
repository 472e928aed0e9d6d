"""What is handed on from a finished output: golden files, and nothing in them that acts."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import zipfile
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import exports, results
from flows.cells import is_like_formula, plain
from flows.exports import xlsx
from schemas.errors import ExitCode, OutputFault, UsageFault
from schemas.version import version
from tests.flows.results.made import HOSTILE_TEXT

pytestmark = pytest.mark.xdist_group("results")

CONTRACT = """\
<a id="page-1"></a>

# Contract

Between **A** and B.

<a id="page-2"></a>

Prices:

<table><tr><th>item</th><th>价格</th></tr><tr><td>paper</td><td>12.50</td></tr></table>

They hold until June.

<a id="page-3"></a>

<!-- page 3: blank -->
"""


@pytest.fixture
def exported(pagemill, finished, tmp_path):
    def export(form):
        to = tmp_path / form
        code, out, err = pagemill("export", "--out", finished.out, "--to", to, "--format", form)
        assert (code, err) == (ExitCode.OK, "")
        assert str(to) in out
        return to

    return export


def test_markdown_mirrors_the_folders_that_were_read(exported):
    to = exported("markdown")
    files = sorted(str(path.relative_to(to)) for path in to.rglob("*") if path.is_file())
    assert files == ["=1+1 [bold]x_[31m_.pdf.md", "contracts/a.pdf.md", "contracts/copy.pdf.md", "invoices/a.pdf.md"]
    assert (to / "contracts" / "a.pdf.md").read_text(encoding="utf-8") == CONTRACT
    assert not list(to.glob(".*"))


def test_json_lines_are_documents_with_spans_of_their_pages(exported, finished):
    lines = (exported("jsonl") / "documents.jsonl").read_text(encoding="utf-8").splitlines()
    found = {document["metadata"]["name"]: document for document in map(json.loads, lines)}
    assert len(found) == 4
    assert len({document["id"] for document in found.values()}) == 4
    document = found["contracts/a.pdf"]
    spans = document["attributes"]["pdf_page_numbers"]
    assert [document["text"][start:end] for start, end, _ in spans] == [
        "# Contract\n\nBetween **A** and B.\n",
        CONTRACT.split("</a>\n\n")[2].partition("\n\n<a")[0] + "\n",
        "",
    ]
    assert [page for _, _, page in spans] == [1, 2, 3]
    assert [status for _, _, status in document["attributes"]["page_status"]] == ["ok", "ok", "blank"]
    assert list(document) == ["id", "text", "source", "added", "created", "metadata", "attributes"]
    assert document["source"] == "pagemill"
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", document[name]) for name in ("added", "created"))
    metadata = document["metadata"]
    assert metadata["Source-File"] == str(finished.source / "contracts" / "a.pdf")
    assert (metadata["pdf-total-pages"], metadata["pages_read"], metadata["status"]) == (3, 3, "success")
    assert metadata["pagemill-version"] == version()
    assert found["contracts/copy.pdf"]["metadata"]["duplicate_of"] == metadata["Source-File"]


def test_csv_says_the_same_to_pandas_duckdb_and_polars(exported, opened):
    to = exported("csv")
    for table in ("pages", "files", "calls", "runs"):
        path = to / f"{table}.csv"
        expected = opened.frame(table)
        assert list(pd.read_csv(path).columns) == list(expected.columns)
        with duckdb.connect() as database:
            (duck,) = database.execute("select count(*) from read_csv(?, header=true)", [str(path)]).fetchall()
        assert len(pd.read_csv(path)) == duck[0] == len(pl.read_csv(path, infer_schema=False)) == len(expected)
    files = pd.read_csv(to / "files.csv").sort_values("source")
    assert files["input_tokens"].sum() == opened.files["input_tokens"].sum()
    assert files["cost"].sum() == pytest.approx(opened.files["cost"].sum())


def test_no_text_in_csv_begins_like_a_formula(exported):
    with (exported("csv") / "pages.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    hostile = next(row for row in rows if row["page_no"] == "1" and "HYPERLINK" in row["text"])
    assert hostile["text"] == "'" + HOSTILE_TEXT
    assert hostile["name"].startswith("'=1+1")
    assert not [value for row in rows for value in row.values() if is_like_formula(value)]


def test_a_workbook_holds_files_and_calls_and_no_formula(exported, opened):
    with zipfile.ZipFile(exported("xlsx") / "accounting.xlsx") as book:
        files, calls = (book.read(f"xl/worksheets/sheet{number}.xml").decode() for number in (1, 2))
        sheets = re.findall(r'<sheet name="(\w+)"', book.read("xl/workbook.xml").decode())
        styles = book.read("xl/styles.xml").decode()
    assert sheets == ["files", "calls"]
    assert files.count("<row ") == 1 + len(opened.files)
    assert calls.count("<row ") == 1 + len(opened.calls)
    assert "<f>" not in files + calls
    assert 'quotePrefix="1"' in styles
    marked = re.findall(r'<c r="\w+" s="(\d+)" t="inlineStr"><is><t[^>]*>=1\+1', files)
    assert marked
    assert styles.partition("<cellXfs")[2].split("<xf ")[int(marked[0]) + 1].count("quotePrefix") == 1


def test_a_workbook_goes_on_in_another_sheet_and_cuts_what_no_cell_takes(finished, tmp_path, monkeypatch):
    monkeypatch.setattr(xlsx, "ROWS", 2)
    with results.open(finished.out) as read:
        (path,) = xlsx.write(read, tmp_path)
    with zipfile.ZipFile(path) as book:
        sheets = re.findall(r'<sheet name="([\w ]+)"', book.read("xl/workbook.xml").decode())
    assert sheets[:4] == ["files", "files 2", "files 3", "calls"]
    assert len(xlsx._shortened("契" * 40_000)) == 32_767
    assert len(xlsx._shortened("𠀀" * 40_000).encode("utf-16-le")) // 2 <= 32_767


def test_without_its_library_a_workbook_says_what_to_install(finished, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "xlsxwriter.workbook", None)
    with results.open(finished.out) as read, pytest.raises(UsageFault) as caught:
        list(xlsx.write(read, tmp_path))
    assert caught.value.advice == "pip install 'pagemill[excel]'"
    assert not list(tmp_path.glob("*.xlsx"))


def test_an_export_over_an_earlier_one_replaces_it(exported):
    first = (exported("jsonl") / "documents.jsonl").read_bytes()
    assert (exported("jsonl") / "documents.jsonl").read_bytes() == first


def test_a_folder_that_cannot_be_written_is_an_output_fault(finished, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with results.open(finished.out) as read, pytest.raises(OutputFault, match="cannot write"):
        list(exports.get("jsonl").write(read, tmp_path / "file"))


def test_the_outcome_is_one_json_object_where_it_is_asked_for(pagemill, finished, tmp_path):
    words = ("export", "--out", finished.out, "--to", tmp_path / "m", "--format", "markdown", "--json")
    assert json.loads(pagemill(*words)[1]) == {"format": "markdown", "to": str(tmp_path / "m"), "files": 4}


@pytest.mark.parametrize(
    ("form", "below", "said"), [("markdwon", "", "did you mean markdown?"), ("csv", "pages", "lies in the output")]
)
def test_a_mistake_is_named(pagemill, finished, tmp_path, form, below, said):
    to = finished.out / below if below else tmp_path
    code, out, err = pagemill("export", "--out", finished.out, "--to", to, "--format", form)
    assert (code, out) == (ExitCode.USAGE, "")
    assert said in err


def test_the_help_names_every_format(pagemill):
    _, out, _ = pagemill("export", "--help")
    assert all(name in out for name in exports.names())


@given(st.text(max_size=8))
def test_a_cell_never_begins_a_formula_once_it_is_marked(text):
    cell = plain(text)
    marked = f"'{cell}" if is_like_formula(cell) else cell
    assert not is_like_formula(marked)
    assert "\0" not in marked
    back = next(csv.reader(io.StringIO(_line(marked), newline="")), [""])
    assert back == [marked]


def _line(cell):
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow([cell])
    return buffer.getvalue()


def test_lists_are_json_in_a_cell():
    assert plain([{"name": "loop", "score": 0.5}, "é"]) == '[{"name": "loop", "score": 0.5}, "é"]'


def test_the_path_of_an_export_may_be_relative(pagemill, finished, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert pagemill("export", "--out", finished.out, "--to", "here", "--format", "csv")[0] == ExitCode.OK
    assert Path("here/files.csv").exists()
