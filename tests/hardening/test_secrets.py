"""A key or a password stands in no file that a run leaves, in nothing that it says, and in no list of processes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pymupdf
import pytest

from flows.cli import main
from schemas.errors import ExitCode
from tests.hardening.gateway import chatty_gateway
from tests.mill import card
from tests.papers import pdf
from tests.proofs.lives import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("hardening")

KEY = "sk-b7c1d0e5f3a94c2e8d6b"
PASSWORD = "open-sesame-41"  # noqa: S105 - it opens a document of this test


def everything_kept(folder: Path) -> Iterator[tuple[str, str]]:
    """All that lies in a folder, as text: names, bytes, and what is packed in tables and in the ledger."""
    for path in folder.rglob("*"):
        yield "a name", path.name
        if path.is_file():
            yield str(path), path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            with closing(pq.ParquetFile(path)) as part:
                yield str(path), repr((part.read().to_pylist(), part.schema_arrow.metadata))
        if path.suffix == ".sqlite3":
            with closing(sqlite3.connect(path)) as ledger:
                yield str(path), repr(list(rows(ledger)))


def rows(ledger: sqlite3.Connection) -> Iterator[object]:
    for (table,) in ledger.execute("select name from sqlite_master where type = 'table'").fetchall():
        for row in ledger.execute(f'select * from "{table}"'):  # noqa: S608 - its own names
            yield [unpacked(value) for value in row]


def unpacked(value: object) -> object:
    if isinstance(value, bytes):
        with suppress(zlib.error):
            return zlib.decompress(value)
    return value


def command_lines() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_text(errors="replace")


@pytest.mark.parametrize("backend", ["dashscope", pytest.param("openai", marks=pytest.mark.long)])
def test_a_key_and_a_password_are_nowhere_although_the_service_repeats_what_it_was_sent(tmp_path, capfd, backend):
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for number in range(6):
        card(source / f"{number:02}.png", f"card {number}")
    locked = {"encryption": pymupdf.PDF_ENCRYPT_AES_256, "user_pw": PASSWORD, "owner_pw": PASSWORD}
    pdf(source / "00-locked.pdf", "for some eyes only", width=144, height=72, **locked)
    (tmp_path / "passwords").write_text(f"wrong\n{PASSWORD}\n")
    environment = {**os.environ, "DASHSCOPE_API_KEY": KEY, "OPENAI_API_KEY": KEY, "TMPDIR": str(out.parent)}
    with chatty_gateway() as address:
        options = ["--backend", backend, "--base-url", address, "--model", "qwen3-vl-plus", "--max-attempts", "1"]
        more = ["--password-file", tmp_path / "passwords", "--patience", "0.2", "--in-flight", "1", "--debug", "--json"]
        words = [sys.executable, "-m", "flows.cli", "run", source, "--out", out, *options, *more]
        run = subprocess.Popen(words, cwd=ROOT, env=environment, text=True, stdout=-1, stderr=-1)
        seen = set(command_lines())
        said = "".join(run.communicate())
    (tmp_path / "passwords").unlink()

    assert run.returncode == ExitCode.CREDENTIALS, said
    assert main(["status", "--out", str(out), "--problems", "--json"]) == ExitCode.OK
    told = capfd.readouterr()
    assert any("flows.cli" in line for line in seen)
    for secret in (KEY, PASSWORD):
        assert [line for line in seen if secret in line] == []
        assert secret not in said + told.out + told.err
        assert [name for name, content in everything_kept(tmp_path) if secret in content] == []
