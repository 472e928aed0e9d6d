"""The whole road with this backend: the command, a made document, the emulated service, and the books in the end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pymupdf
import pytest

from schemas.errors import ExitCode
from tests.emulator import Emulator

ROOT = Path(__file__).parents[3]
PAGES = 3


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "in.pdf"
    with pymupdf.open() as made:
        for number in range(PAGES):
            made.new_page().insert_text((50, 80), f"Page {number + 1}: the total is 41.20 EUR.")
        made.save(path)
    return path


def pagemill(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "flows.cli", *map(str, words)]
    env = os.environ | environment
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=env)


def sums(out: Path, table: str) -> tuple[int, int, int]:
    frame = pd.read_parquet(out / table)
    columns = ("input_tokens", "output_tokens", "image_tokens")
    return tuple(int(frame[column].sum()) for column in columns)  # type: ignore[return-value]


@pytest.mark.parametrize("model", ["qwen3-vl-plus", "own"])
def test_what_is_read_and_what_it_took_is_the_same_in_every_book(
    emulator: Emulator, document: Path, tmp_path: Path, model: str
) -> None:
    emulator.responder = lambda _: "The total is 41.20 EUR."
    emulator.models["own"] = emulator.models["qwen3-vl-plus"]
    emulator.plan.next("429", retry_after=0)
    emulator.plan.next("500")
    own, out = tmp_path / "models.toml", tmp_path / "out"
    own.write_text('[models.own]\nbackends = ["openai"]\nfamily = "vl32"\n')
    done = pagemill(
        "run", document, "--out", out, "--backend", "openai", "--model", model,
        OPENAI_BASE_URL=emulator.compatible_url, OPENAI_API_KEY=emulator.key, PAGEMILL_MODELS=str(own),
    )  # fmt: skip
    assert done.returncode == ExitCode.OK, done.stderr
    pages, calls = pd.read_parquet(out / "pages"), pd.read_parquet(out / "calls")
    assert list(pages["status"]) == ["ok"] * PAGES
    assert set(pages["text"]) == {"The total is 41.20 EUR."}
    totals = emulator.totals()
    assert len(calls) == totals.requests == PAGES + 2
    seen = (totals.input_tokens, totals.output_tokens, totals.image_tokens)
    assert sums(out, "files") == sums(out, "calls") == seen
    assert {call.path for call in emulator.calls} == {"/compatible-mode/v1/chat/completions"}
    assert pd.read_parquet(out / "files")["cost"].notna().all() == (model != "own")


def test_an_unknown_model_is_answered_with_the_entry_to_write(document: Path, tmp_path: Path) -> None:
    words = ("--backend", "openai", "--base-url", "http://127.0.0.1:1/v1", "--model", "Qwen/Qwen3-VL-8B-Instruct")
    done = pagemill("run", document, "--out", tmp_path / "out", *words)
    assert done.returncode == ExitCode.USAGE
    lines = done.stderr.splitlines()
    begins = lines.index('[models."Qwen/Qwen3-VL-8B-Instruct"]')
    assert "PAGEMILL_MODELS" in lines[begins - 1]
    assert lines[begins + 1] == 'backends = ["openai"]'
    assert len(lines[begins:]) == 6
