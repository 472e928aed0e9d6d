"""The command as the shell sees it: a process with signals, streams, a terminal and an exit code."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.interrupts import FINISHING, STOPPING
from schemas.errors import ExitCode

ROOT = Path(__file__).parents[2]
SCRIPTED = (sys.executable, "-m", "tests.flows.scripted")
HEAVY = ("prefect", "dashscope", "pandas", "pyarrow", "pymupdf", "onnxruntime", "sqlalchemy", "aiohttp", "numpy",
         "dask", "distributed", "ray")  # fmt: skip


def start(*words, **more):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "cwd": ROOT}
    return subprocess.Popen([*SCRIPTED, *words], **pipes | more)


def until(stream, said):
    """Read lines until one holds what is waited for."""
    seen = []
    for line in stream:
        seen.append(line)
        if said in line:
            return "".join(seen)
    pytest.fail(f"{said!r} was never said, but: {''.join(seen)}")


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["run", "--help"], ["doctor", "--help"], ["backfill", "--help"]]
)
def test_help_and_version_load_nothing_heavy(words):
    code = (
        "import sys; from flows.cli import main; main(sys.argv[1:]);"
        f"heavy = [name for name in {HEAVY!r} if name in sys.modules]; sys.exit(f'loaded: {{heavy}}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_one_interrupt_finishes_what_is_in_flight_and_says_how_to_go_on():
    with start("run", "endless", "--out", "o") as process:
        until(process.stderr, "run 2026")
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == ExitCode.INTERRUPTED
    assert FINISHING in said
    assert "resume: pagemill run endless --out o" in said


@pytest.mark.parametrize("part", ["endless", "thief"])
def test_termination_is_like_one_interrupt_whoever_took_the_signal_before(part):
    with start("run", part, "--out", "o", "--json") as process:
        until(process.stderr, "run 2026")
        process.send_signal(signal.SIGTERM)
        out, said = process.communicate()
    assert process.returncode == ExitCode.INTERRUPTED
    assert FINISHING in said
    assert json.loads(out)["status"] == "interrupted"


def test_a_second_interrupt_stops_at_once():
    with start("run", "stubborn", "--out", "o") as process:
        until(process.stderr, "digging in")
        process.send_signal(signal.SIGINT)
        until(process.stderr, FINISHING)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode == ExitCode.INTERRUPTED
    assert STOPPING in said
    assert "run the same command again" in said
    assert "Traceback" not in said


def test_a_second_termination_is_patient():
    with start("run", "stubborn", "--out", "o") as process:
        until(process.stderr, "digging in")
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            until(process.stderr, FINISHING)
        assert process.poll() is None
        process.kill()


def test_a_reader_who_leaves_early_causes_no_traceback():
    with start("models", stdout=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert "Traceback" not in said


def test_hostile_names_reach_a_pipe_as_plain_text():
    done = subprocess.run(
        [*SCRIPTED, "run", "harmful", "--out", "o"], cwd=ROOT, capture_output=True, check=False,
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
    )  # fmt: skip
    assert done.returncode == ExitCode.OK
    assert b"\x1b" not in done.stderr
    assert rb"a\x1b[31m\n[bold]b" in done.stderr


def test_on_a_terminal_a_bar_moves_and_goes_when_the_run_is_over():
    screen = on_a_terminal("run", "endless", "--out", "o", until="pages 3")
    assert "━" in screen
    assert re.search(r"pages 3\d\d/1,204", screen)
    assert FINISHING in screen
    after = screen.rpartition(FINISHING)[2]
    assert "resume: " in after
    assert "━" not in after.rpartition("files")[2]


def on_a_terminal(*words, until):
    """Run the command on a terminal of its own, press Ctrl-C once *until* was seen, and give all that was written."""
    ours, theirs = pty.openpty()
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
    process = subprocess.Popen(
        [*SCRIPTED, *words], cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True,
        env=environment,
    )  # fmt: skip
    os.close(theirs)
    seen, pressed = b"", False
    while piece := _read(ours):
        seen += piece
        if not pressed and until.encode() in seen:
            pressed = True
            process.send_signal(signal.SIGINT)
    os.close(ours)
    assert process.wait() == ExitCode.INTERRUPTED
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.decode())


def _read(terminal):
    try:
        return os.read(terminal, 65_536)
    except OSError:  # how Linux says that nobody is at the other end any more
        return b""
