from __future__ import annotations

import io

import pytest
from rich.console import Console

from flows.faults import Told, redacted
from schemas.errors import ExitCode


@pytest.mark.parametrize("variable", ["DASHSCOPE_API_KEY", "OPENAI_API_KEY"])
def test_a_key_is_taken_out_of_whatever_is_said(variable, monkeypatch):
    monkeypatch.setenv(variable, "sk-secret")
    assert redacted("bad key: sk-secret!") == "bad key: ***!"


def test_advice_of_several_lines_can_be_copied_as_it_stands():
    console = Console(file=io.StringIO(), width=40)
    Told(ExitCode.USAGE, "usage", "no such model", 'write this:\n[models.own]\nfamily = "vl32"\x1b').show(console)
    assert console.file.getvalue().splitlines() == [
        "error: no such model",
        "try: write this:",
        "[models.own]",
        'family = "vl32"\\x1b',
    ]
