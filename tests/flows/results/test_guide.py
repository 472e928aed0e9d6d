"""The guide to reading results: every example of it runs, and it names what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from flows import exports
from flows.cli import main
from schemas.errors import ExitCode
from schemas.records import TABLES

pytestmark = pytest.mark.xdist_group("results")
GUIDE = (Path(__file__).parents[3] / "docs" / "reading-results.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
COMMANDS = re.findall(r"^\$ (pagemill .*)$", GUIDE, re.MULTILINE)


@pytest.fixture
def beside_the_results(finished, tmp_path, monkeypatch):
    (tmp_path / "results").symlink_to(finished.out)
    monkeypatch.chdir(tmp_path)


def test_the_examples_run_in_order(beside_the_results):
    names: dict[str, object] = {}
    for example in EXAMPLES:
        exec(compile(example, "docs/reading-results.md", "exec"), names)  # noqa: S102 - our own guide
    names["read"].close()
    assert len(names["pages"]) == 9
    assert ("invoices/a.pdf", 2, "refusal") in names["found"]
    assert names["picture"].size == (200, 100)
    assert names["document"].text.startswith('<a id="page-1"></a>')


@pytest.mark.parametrize("command", [command for command in COMMANDS if " compact " not in command])
def test_the_commands_work(beside_the_results, command, capsys):
    assert main(shlex.split(command)[1:]) == ExitCode.OK
    assert capsys.readouterr().err == ""


def test_every_table_format_and_command_is_in_it():
    assert all(f"`{table}`" in GUIDE for table in TABLES)
    assert all(f"| `{name}` |" in GUIDE for name in exports.names())
    assert {command.split()[1] for command in COMMANDS} == {"files", "pages", "show", "export", "compact"}
