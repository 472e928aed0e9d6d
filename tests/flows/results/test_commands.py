"""The commands that look into a finished output: show, files, pages."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from flows import inventory, results, showing
from flows.session import Session
from schemas.errors import ExitCode
from tests.flows.results.made import HOSTILE_NAME, HOSTILE_TEXT

pytestmark = pytest.mark.xdist_group("results")
ROOT = Path(__file__).parents[3]
VISIBLE_NAME = r"=1+1 [bold]x\x1b[31m\n.pdf"


def on_a_terminal(show):
    """What *show* prints on a terminal, with its colours taken off."""
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=100)
    show(console)
    return console.file.getvalue()


@pytest.mark.parametrize(
    ("words", "unwanted"),
    [
        (("--help",), {"pyarrow", "pandas", "pymupdf", "prefect", "dashscope", "sqlalchemy"}),
        (("files",), {"pymupdf", "prefect", "dashscope", "sqlalchemy"}),
        (("show", "contracts/a.pdf"), {"pymupdf", "prefect", "dashscope", "sqlalchemy"}),
    ],
)
def test_looking_loads_nothing_that_it_does_not_need(finished, words, unwanted):
    out = () if words == ("--help",) else ("--out", str(finished.out))
    code = f"import sys, flows.cli; flows.cli.main({[*words, *out]!r}); print(sorted(sys.modules), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert unwanted.isdisjoint(ast.literal_eval(done.stderr))


def test_a_document_is_printed_page_by_page(pagemill, finished):
    code, out, err = pagemill("show", "contracts/a.pdf", "--out", finished.out)
    assert (code, err) == (ExitCode.OK, "")
    first, *_ = out.splitlines()
    assert first.startswith("contracts/a.pdf  text by qwen")
    assert "3 pages · success · " in first
    assert "\n--- page 1 · ok\n# Contract\n\nBetween **A** and B.\n" in out
    assert "--- page 3 · blank" in out


def test_one_page_is_printed_alone(pagemill, finished):
    _, out, _ = pagemill("show", "invoices/a.pdf", "--page", "2", "--out", finished.out)
    assert "--- page 2 · suspect · refusal" in out
    assert "Invoice" not in out


def test_a_document_is_one_json_object(pagemill, finished):
    code, out, _ = pagemill("show", "invoices/a.pdf", "--out", finished.out, "--json")
    shown = json.loads(out)
    assert code == ExitCode.OK
    assert (shown["name"], shown["operation"], shown["file"]["pages_ok"]) == ("invoices/a.pdf", "text", 1)
    assert [page["status"] for page in shown["pages"]] == ["ok", "suspect"]
    assert shown["pages"][1]["flags"][0]["name"] == "refusal"


def test_on_a_terminal_markdown_is_rendered_and_tables_are_drawn(opened):
    document = opened.document("contracts/a.pdf")
    told = on_a_terminal(lambda console: showing.show(document, document.pages, console))
    assert "Between A and B." in told
    assert "│ paper │ 12.50 │" in told
    assert "They hold until June." in told
    assert "<td>" not in told


def test_nothing_that_was_read_acts_on_a_terminal(opened):
    document = opened.document(HOSTILE_NAME)
    told = on_a_terminal(lambda console: showing.show(document, document.pages, console))
    assert "\x1b[31m" not in told
    assert VISIBLE_NAME in told
    for word in ("<script>alert(1)</script>", "[bold]not bold[/bold]", r"\x1b[31m"):
        assert word in told


def test_nothing_that_was_read_acts_on_whatever_a_pipe_ends_in(pagemill, finished):
    _, out, _ = pagemill("show", HOSTILE_NAME, "--out", finished.out)
    assert "\x1b" not in out
    assert HOSTILE_TEXT.replace("\x1b", r"\x1b") in out


def test_a_file_that_could_not_be_read_says_why(pagemill, finished):
    code, out, _ = pagemill("show", "broken.pdf", "--out", finished.out)
    assert code == ExitCode.OK
    assert "corrupt: " in out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "a.pdf"), "is the name of 2 documents"),
        (("show", "none.pdf"), "no document here is called 'none.pdf'"),
        (("show", "invoices/a.pdf", "--page", "7"), "has no row of page 7"),
        (("pages", "--status", "suspekt"), "did you mean suspect?"),
        (("files", "--status", "ok"), "known are: failure, partial_success, skipped, success"),
        (("pages", "--file", "none.pdf"), "no document here is called 'none.pdf'"),
    ],
)
def test_what_is_not_there_is_answered_with_a_sentence(pagemill, finished, words, said):
    code, out, err = pagemill(*words, "--out", finished.out)
    assert (code, out) == (ExitCode.USAGE, "")
    assert said in err


def test_a_folder_that_is_no_output_is_said_to_be_none(pagemill, tmp_path):
    code, _, err = pagemill("files", "--out", tmp_path)
    assert code == ExitCode.NO_INPUT
    assert "is no output of pagemill" in err


def test_files_are_lines_of_fields_in_a_pipe(pagemill, finished):
    _, out, _ = pagemill("files", "--out", finished.out)
    head, *lines = [line.split("\t") for line in out.splitlines()]
    assert head == ["status", "pages read", "tokens", "cost", "file", "why", "asked"]
    found = {line[4]: line for line in lines}
    assert set(found) == {VISIBLE_NAME, "broken.pdf", "contracts/a.pdf", "contracts/copy.pdf", "invoices/a.pdf"}
    assert found["contracts/a.pdf"][:2] == ["success", "3/3"]
    assert found["contracts/copy.pdf"][2:4] == ["", ""]
    assert found["invoices/a.pdf"][:2] == ["partial_success", "1/2"]
    assert found["broken.pdf"][5].startswith("corrupt: ")
    assert {line[6] for line in lines} == {"text by qwen3-vl-plus"}


def test_pages_are_chosen_by_status_and_by_file(pagemill, finished):
    def names(*words):
        _, out, _ = pagemill("pages", "--out", finished.out, *words)
        return [tuple(line.split("\t")[3:6]) for line in out.splitlines()[1:]]

    assert names("--status", "suspect,failed") == [("invoices/a.pdf", "2", "refusal 1")]
    assert [page for _, page, _ in names("--file", "copy.pdf")] == ["1", "2", "3"]
    assert len(names("--file", "a.pdf")) == 5
    assert names("--file", "copy.pdf", "--status", "failed") == []


def test_lists_are_json_arrays_of_all_that_is_known(pagemill, finished):
    _, out, _ = pagemill("files", "--out", finished.out, "--json", "--status", "failure")
    (file,) = json.loads(out)
    assert (file["name"], file["page_count"]) == ("broken.pdf", None)
    _, out, _ = pagemill("pages", "--out", finished.out, "--json", "--status", "blank")
    assert [(page["name"], page["text"]) for page in json.loads(out)] == [
        ("contracts/a.pdf", ""),
        ("contracts/copy.pdf", ""),
    ]


def test_on_a_terminal_it_is_said_how_pages_were_asked_only_where_that_differs(finished):
    def told(**changes):
        with results.open(finished.out) as read:
            rows = inventory.pages(read, ["ok"], None, whole=False)
        shown = [*rows, rows[0] | changes]
        return on_a_terminal(
            lambda console: inventory.tell(
                shown, inventory.PAGE_COLUMNS, Session(None, console, console, ()), as_json=False
            )
        )

    assert "asked" not in told()
    assert "invoice" in told(operation="structured", variant="invoice")
    assert "≥ ¥0.002" in told(cost=None, cost_known=0.002)


def test_on_a_terminal_a_list_is_a_table(finished):
    def show(console):
        with results.open(finished.out) as read:
            rows = inventory.files(read, ["success", "failure"])
        inventory.tell(rows, inventory.FILE_COLUMNS, Session(None, console, console, ()), as_json=False)

    told = on_a_terminal(show)
    assert VISIBLE_NAME in told
    assert "\x1b" not in told
    assert "contracts/copy.pdf" in told
