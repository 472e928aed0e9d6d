"""`pagemill worker`: its runs are asked to finish before the worker is, with a stand-in for Prefect's own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flows.cli import main
from flows.interrupts import FINISHING
from schemas.errors import ExitCode

ROOT = Path(__file__).parents[2]
WORKER = """
import signal, subprocess, sys
run = subprocess.Popen([sys.executable, "-m", "prefect.engine"])
def end(*_):
    print("worker ends while its run", "lives" if run.poll() is None else "is over", flush=True)
    run.kill()
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print(*sys.argv[1:], flush=True)
run.wait()
signal.pause()
"""
ENGINE = """
import signal, sys, threading
asked = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: asked.set())
print("run begins", flush=True)
while not asked.wait(0.1): pass
{then}
print("run has finished", flush=True)
"""


class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@contextmanager
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_address[1]}/api"
        listening.shutdown()


@contextmanager
def worker(folder, *words, then=""):
    package = folder / "prefect"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(WORKER)
    (package / "engine.py").write_text(ENGINE.format(then=then))
    with server() as url:
        environment = os.environ | {"PREFECT_API_URL": url, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
        command = [sys.executable, "-m", "flows.cli", "worker", *words]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, cwd=folder, env=environment, **pipes) as process:
            try:
                yield process
            finally:
                process.kill()


def heard(process, *wanted):
    """What it says until it has said all that is wanted."""
    said = []
    while not set(wanted) <= set(said):
        line = process.stdout.readline()
        assert line, process.stderr.read()
        said.append(line.strip())
    return said


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_the_runs_finish_and_then_the_worker_ends(tmp_path, sent):
    with worker(tmp_path, "--limit", "2", "-q", "backfill", "--name", "one") as process:
        given = "worker start --pool pagemill --type process --name one --limit 2 --work-queue backfill"
        heard(process, "run begins", given)
        process.send_signal(sent)
        out, said = process.communicate()
    assert out.splitlines() == ["run has finished", "worker ends while its run is over"]
    assert process.returncode == 0
    assert FINISHING in " ".join(said.split())


def test_a_second_signal_waits_for_nobody(tmp_path):
    with worker(tmp_path, then="print('run is asked', flush=True); threading.Event().wait()") as process:
        heard(process, "run begins")
        process.send_signal(signal.SIGTERM)
        heard(process, "run is asked")
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate()
    assert out.splitlines() == ["worker ends while its run lives"]


def test_runs_that_do_not_finish_in_time_are_not_waited_for(tmp_path):
    with worker(tmp_path, "--grace", "0.5", then="threading.Event().wait()") as process:
        heard(process, "run begins")
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate()
    assert out.splitlines() == ["worker ends while its run lives"]


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("", "a worker serves a Prefect server, and none is named"),
        ("http://127.0.0.1:9/api", "the Prefect server at http://127.0.0.1:9/api cannot be reached"),
    ],
)
def test_a_server_that_is_not_there_is_told_in_one_line(monkeypatch, capsys, url, named):
    monkeypatch.setenv("PREFECT_API_URL", url)
    assert main(["worker"]) == ExitCode.USAGE
    error, advice = capsys.readouterr().err.splitlines()
    assert error.startswith(f"error: {named}")
    assert advice.startswith("try: ")
