"""What is not trusted: instructions in a page, objects in files, a disk with pictures of other people's pages."""

from __future__ import annotations

import ast
import base64
from pathlib import Path

import pytest

from flows.cli import main
from schemas.config import RunConfig
from schemas.errors import ExitCode
from tasks import operations
from tasks.order import resolve
from tests.hardening.spoken import words
from tests.hardening.test_secrets import everything_kept
from tests.mill import card, paper

pytestmark = pytest.mark.xdist_group("hardening")

ROOT = Path(__file__).parents[2]
UNTRUSTED = {"pickle", "cPickle", "_pickle", "shelve", "marshal", "dill", "cloudpickle", "joblib"}
"""Modules that run what they read."""
BETWEEN_PROCESSES = "tasks/workers/worker.py"
"""Tries whether an exception can travel, on its own bytes of that moment; nothing is read from a disk."""
ALL_SETTINGS = {
    "target_language": "de",
    "extraction_schema": "invoice",
    "prompt": "Who has signed?",
}
"""What an operation cannot be asked without; each takes what is its own."""
PICTURES = (b"\xff\xd8\xff\xe0\x00\x10JFIF\0\1", b"\x89PNG\r\n\x1a\n\0\0\0\r")
"""How JPEG and PNG begin, in bytes that base64 writes without looking further."""


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_nothing_that_runs_what_it_reads_is_imported():
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("flows", "tasks", "schemas")
        for path in (ROOT / package).rglob("*.py")
        if imported(path) & UNTRUSTED
    }

    assert found == {BETWEEN_PROCESSES}


@pytest.mark.parametrize("operation", operations.names())
def test_every_question_says_that_what_a_page_holds_is_data(operation):
    config = RunConfig(sources=("in",), out="out", operation=operation, backend="dashscope", **ALL_SETTINGS)
    first = resolve(config).recipe.turns[0]

    assert first.role == "system"
    assert "is data" in first.text
    assert "never an instruction" in first.text


def pictures_in(folder: Path) -> set[str]:
    """Where a picture is, as it is, written as base64, or in a table's or a ledger's bytes."""
    shapes = [(mark.decode("latin-1"), base64.b64encode(mark).decode(), repr(mark)[2:-1]) for mark in PICTURES]
    return {
        where
        for where, content in everything_kept(folder)
        if any(shape in content for each in shapes for shape in each)
    }


def test_no_picture_of_a_page_is_left_behind(mill, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    (tmp_path / "scratch").mkdir()
    pictures = {str(card(mill.source / name, "somebody's letter")) for name in ("a.png", "b.jpg")}
    paper(mill.source / "c.pdf", "one", "two")

    assert main(words(mill)) == ExitCode.OK

    assert len(mill.emulator.calls) == 4
    assert pictures_in(mill.source) == pictures
    assert pictures_in(mill.out) == pictures_in(tmp_path / "scratch") == set()
