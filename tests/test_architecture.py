"""The shape of the code: who may import whom, and how long a thing may be."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

ROOT = Path(__file__).parents[1]
CODE = sorted(path for folder in ("flows", "tasks", "schemas", "data") for path in (ROOT / folder).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MODULE_LINES = 300
FUNCTION_LINES = 60


def test_import_contracts_hold(monkeypatch):
    monkeypatch.chdir(ROOT)

    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_are_short(path):
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MODULE_LINES
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno < FUNCTION_LINES, node.name


def test_there_is_no_drawer_for_everything():
    assert not [path for path in CODE + TESTS if path.stem in {"utils", "util", "helpers", "misc", "common"}]


def test_every_module_says_what_it_is_for():
    assert not [path for path in CODE if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
