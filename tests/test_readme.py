"""The README is the first program that a stranger runs: it is run here."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests import readme

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a ... c\n", "a b c", True),
        ("files  8: ...\n...", "files  8: 8 success  \npages\nmore", True),
        ("a", "b", False),
        ("1.5 (x)", "125 (x)", False),
    ],
)
def test_three_dots_stand_for_anything_and_nothing_else_does(expected, printed, same):
    assert readme.matches(expected, printed) is same


def test_a_session_is_taken_apart_into_commands_and_what_they_print():
    session = "$ one \\\n>   --more\nout\nput\n$ two\n"

    assert list(readme.commands(session)) == [("one   --more", "out\nput\n"), ("two", "")]


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """A folder as a stranger has it who cloned the repository and ran `make demo` once."""
    (tmp_path / "data").mkdir()
    shutil.copytree(ROOT / "data" / "samples", tmp_path / "data" / "samples")
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(picture, question):
    """What the emulated model reads: nothing where there is next to no ink."""
    dark = sum(picture.convert("L").histogram()[:128])
    return f"Something is written here, in {dark} dark pixels." if dark > 200 else "<blank/>"


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("readme")
@pytest.mark.filterwarnings("default")
def test_every_command_of_the_readme_does_what_it_says(workplace, emulator):
    emulator.reader = written
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {
        **os.environ,
        **emulator.environment,
        "PATH": path,
        "COLUMNS": "100",
        "DASHSCOPE_API_KEY": "",
        "YOUR_KEY": emulator.key,
    }

    readme.run((ROOT / "README.md").read_text(encoding="utf-8"), workplace, environment)
