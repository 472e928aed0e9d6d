"""The command over the real core: made documents, the local backend, a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pymupdf
import pytest

from schemas.errors import ExitCode

ROOT = Path(__file__).parents[2]
TEXT = "Invoice number 2026-0041: the total is 41.20 EUR, to be paid in March."


@pytest.fixture
def folder(tmp_path):
    documents = tmp_path / "in"
    documents.mkdir()
    with pymupdf.open() as document:
        for _ in range(2):
            document.new_page().insert_text((50, 80), TEXT)
        document.save(documents / "good.pdf")
    return documents


def pagemill(*words):
    command = [sys.executable, "-m", "flows.cli", *map(str, words)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_folder_becomes_a_table_that_pandas_opens_as_the_command_said(folder, tmp_path):
    out = tmp_path / "out"
    done = pagemill("run", folder, "--out", out)
    assert done.returncode == ExitCode.OK, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("backend: local (text layer + PP-OCRv6), no DASHSCOPE_API_KEY is set\n")
    assert f"pd.read_parquet('{out}/pages')" in done.stderr
    pages = pd.read_parquet(out / "pages")
    assert list(pages["status"]) == ["ok", "ok"]
    assert all(TEXT in text for text in pages["text"])


def test_one_broken_file_is_told_and_does_not_spoil_the_rest(folder, tmp_path):
    (folder / "broken.pdf").write_bytes(b"%PDF-1.4 nothing that follows makes sense")
    done = pagemill("run", folder, "--out", tmp_path / "out", "--json", "--quiet")
    assert done.returncode == ExitCode.PAGES_MISSING, done.stderr
    summary = json.loads(done.stdout)
    assert (summary["files_success"], summary["files_failure"], summary["pages_ok"]) == (1, 1, 2)
    first, last = done.stderr.splitlines()
    assert first.startswith("rejected ")
    assert "broken.pdf: corrupt: " in first
    assert last.startswith("partial success: 2 of 2 pages read · 1 file not read")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--backend", "dashscop"), ExitCode.USAGE, "dashscope"),
        (("--model", "locl"), ExitCode.USAGE, "local"),
        (("--operation", "txt"), ExitCode.USAGE, "text"),
        (("--backend", "dashscope"), ExitCode.CREDENTIALS, "DASHSCOPE_API_KEY"),
    ],
)
def test_a_name_that_is_none_is_answered_with_what_there_is(folder, tmp_path, words, code, said):
    done = pagemill("run", folder, "--out", tmp_path / "out", *words)
    assert done.returncode == code, done.stderr
    assert said in done.stderr.partition("try: ")[2]


def test_an_empty_folder_has_an_exit_code_of_its_own(tmp_path):
    (tmp_path / "in").mkdir()
    done = pagemill("run", tmp_path / "in", "--out", tmp_path / "out")
    assert done.returncode == ExitCode.NO_INPUT, done.stderr
    assert "nothing to read was found" in done.stderr
