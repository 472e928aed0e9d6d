"""The README is the first program that a stranger runs: it is run here."""

from __future__ import annotations

import os
import shutil
import sys
from operator import itemgetter
from pathlib import Path

import numpy as np
import pymupdf
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


def small(picture):
    return np.asarray(picture.convert("L").resize((32, 32)), dtype=float)


def reader(folder):
    """What the emulated model reads: the page's own text where it has one, nothing where there is next to no ink."""
    known = []
    for path in folder.rglob("*.pdf"):
        with pymupdf.open(path) as document:
            known += [(small(page.get_pixmap().pil_image()), page.get_text()) for page in document]

    def read(picture, question):
        dark = sum(picture.convert("L").histogram()[:128])
        seen = small(picture)
        unlike, text = min(((float(np.abs(page - seen).mean()), text) for page, text in known), key=itemgetter(0))
        if unlike < 5 and text.strip():
            return text
        return f"Something is written here, in {dark} dark pixels." if dark > 200 else "<blank/>"

    return read


@pytest.mark.timeout(600)
@pytest.mark.xdist_group("readme")
@pytest.mark.filterwarnings("default")
def test_every_command_of_the_readme_does_what_it_says(workplace, emulator):
    emulator.reader = reader(ROOT / "data" / "samples")
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
