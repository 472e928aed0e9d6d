"""Dask and Ray carry a backfill's shares to other processes: every page once, whichever of them die or are stopped."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing, contextmanager

import pytest

from flows.cli import main
from flows.interrupts import FINISHING
from schemas.errors import ExitCode
from tests.emulator import Emulator
from tests.mill import Mill, billed, card
from tests.prefect.serving import ROOT, pagemill
from tests.prefect.yard import descendants, until

pytestmark = pytest.mark.xdist_group("prefect")
SHARES, PAGES = 6, 60
RUNNERS = ["dask", "ray"]
TASKS = "select s.message from task_run r join task_run_state s on s.id = r.state_id where s.message like ?"


@pytest.fixture
def mill(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(SHARES):
        card(tmp_path / "in" / f"{number:03}.tiff", f"card {number}", frames=PAGES // SHARES)
    with Emulator() as emulator:
        emulator.latency = type(emulator.latency)(base=0.5)
        yield Mill(tmp_path / "in", tmp_path / "out", emulator)
    assert not emulator.crashes


def words(mill, *more):
    pace = ("--rpm", 60_000, "--tpm", 10**9, "--workers", 1, "--in-flight", 2, "--backend", "dashscope")
    shares = ("--shard-pages", PAGES // SHARES, "--shards-per-run", 1)
    return ("backfill", mill.source, "--out", mill.out, "--base-url", mill.emulator.base_url, *pace, *shares, *more)


def environment(server, **more):
    ours = {"DASHSCOPE_API_KEY": "sk-emulator", "PYTHONPATH": str(ROOT), "COLUMNS": "200"}
    return server.environment | ours | more


def at_work(mill):
    """The processes that are at a share."""
    with closing(sqlite3.connect(mill.out / "ledger.sqlite3", timeout=60)) as ledger:
        return {pid for (pid,) in ledger.execute("select pid from leases where name like 'output %/%'")}


def check(mill, told):
    assert (told["status"], told["pages_done"], told["shares_open"]) == ("finished", PAGES, 0)
    pages, calls = mill.table("pages"), mill.table("calls")
    assert len(pages) == len(pages[["name", "page_no"]].drop_duplicates()) == PAGES
    assert set(pages["status"]) == {"ok"}
    assert len(mill.table("files")) == SHARES
    answered = calls[calls["outcome"] == "answered"]
    assert sorted(answered["request_key"]) == sorted(pages["request_key"])
    assert billed(pages) == billed(calls)
    lost = int((calls["outcome"] == "lost").sum())
    assert sum(call.outcome == "answered" for call in mill.emulator.calls) <= PAGES + lost
    return lost


def billed_by(emulator):
    """The tokens that the service says it took for what it answered."""
    usages = [call.usage for call in emulator.calls if call.outcome == "answered"]
    return {name: sum(usage[name] for usage in usages) for name in ("input_tokens", "output_tokens", "image_tokens")}


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("runner", RUNNERS)
def test_a_cluster_of_two_processes_reads_every_page_once(server, mill, runner):
    with pagemill(*words(mill, "--runner", runner, "--json"), env=environment(server)) as process:
        out, said = process.communicate()
    assert process.returncode == ExitCode.OK, said
    assert f"starting {runner}, 2 processes here" in said
    assert not re.search(r"INFO|WARNING|SIGTERM|prefect", said), said
    told = json.loads(out)
    assert check(mill, told) == 0
    assert billed(mill.table("pages")) == billed_by(mill.emulator)
    ended = f"share % on %, process %: 1 file, {PAGES // SHARES} of {PAGES // SHARES} pages read"
    until(lambda: len(server.rows(TASKS, ended)) >= SHARES, server_of(server))
    took_part = {re.search(r"process (\d+)", message)[1] for (message,) in server.rows(TASKS, ended)}
    assert len(took_part) >= 2
    query = "select state_name, name from flow_run where name = ?"
    assert server.rows(query, f"backfill {told['backfill_id']}") == [("Completed", f"backfill {told['backfill_id']}")]
    assert b"sk-emulator" not in server.everything()


def server_of(server):
    """What `until` watches where nothing but the server has to live."""

    class _Lives:
        def poll(self):
            return None if os.path.exists(f"/proc/{server.pid}") else 1  # noqa: PTH110 - no path of ours

    return _Lives()


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("runner", RUNNERS)
def test_the_share_of_a_process_that_is_killed_is_another_s(server, mill, runner):
    with pagemill(*words(mill, "--runner", runner, "--json"), env=environment(server)) as process:
        until(lambda: len(mill.emulator.calls) > PAGES // 3 and at_work(mill), process, within=600)
        victim = min(at_work(mill))
        assert victim in descendants(process.pid)
        os.kill(victim, signal.SIGKILL)
        out, said = process.communicate()
    assert process.returncode == ExitCode.OK, said
    check(mill, json.loads(out))


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("runner", RUNNERS)
def test_an_interrupt_at_the_terminal_lets_every_process_finish_and_anyone_goes_on(server, mill, runner, monkeypatch):
    mill.emulator.latency = type(mill.emulator.latency)(base=2.0)
    command = words(mill, "--runner", runner, "--json")
    with pagemill(*command, env=environment(server), start_new_session=True) as process:
        until(lambda: len(mill.emulator.calls) > 1 and at_work(mill), process, within=600)
        helpers = descendants(process.pid)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everything in the foreground
        out, said = process.communicate()
    assert process.returncode == ExitCode.INTERRUPTED, said
    assert FINISHING in said
    told = json.loads(out)
    assert (told["status"], told["error_message"]) == ("interrupted", None), said
    assert 0 < told["pages_done"] == sum(call.outcome == "answered" for call in mill.emulator.calls) < PAGES
    until(lambda: not [pid for pid in helpers if is_alive(pid)], server_of(server))
    mill.emulator.latency = type(mill.emulator.latency)(base=0.0)
    monkeypatch.setenv("DASHSCOPE_API_KEY", mill.emulator.key)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    assert main(["backfill", "--resume", told["backfill_id"], "--out", str(mill.out)]) == ExitCode.OK
    assert len(mill.table("pages")) == len(mill.emulator.calls) == PAGES


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:  # noqa: PTH123 - as the kernel writes it
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@contextmanager
def dask_cluster(tmp_path, env):
    """A scheduler and two workers with two threads each, as their commands start them."""
    place = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    commands = [
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", place],
        *([*dask, "worker", "--scheduler-file", place, "--nthreads", "2", "--no-dashboard"] for _ in range(2)),
    ]
    with ExitStack() as stack, (tmp_path / "dask.log").open("wb") as log:
        started = []
        for command in commands:
            process = subprocess.Popen(list(map(str, command)), cwd=tmp_path, env=env, stdout=log, stderr=log)
            started.append(process)
            stack.callback(process.wait, 60)
            stack.callback(process.terminate)
            if len(started) == 1:
                until(place.exists, process)
        yield json.loads(place.read_text())["address"]


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_cluster_that_is_there_takes_shares_and_is_left_running(server, mill, tmp_path):
    (tmp_path / "cluster").mkdir()
    with dask_cluster(tmp_path / "cluster", environment(server)) as address:
        with pagemill(*words(mill, "--runner", f"dask={address}", "--json"), env=environment(server)) as process:
            out, said = process.communicate()
        assert process.returncode == ExitCode.OK, said
        check(mill, json.loads(out))
        assert "starting" not in said


def test_a_cluster_elsewhere_needs_a_server_that_it_can_reach(mill, tmp_path, monkeypatch, capsys):
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DASHSCOPE_API_KEY", mill.emulator.key)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    process = pagemill(*words(mill, "--runner", "dask=tcp://127.0.0.1:9"), env=dict(os.environ))
    said = process.communicate()[1]
    assert process.returncode == ExitCode.USAGE, said
    *_, error, advice = said.splitlines()
    assert error == "error: the processes at tcp://127.0.0.1:9 need a Prefect server, and none is named"
    assert "PREFECT_API_URL" in advice


@pytest.mark.parametrize(
    ("runner", "told"),
    [
        ("dask=tcp://127.0.0.1:9", "no Dask scheduler answers at tcp://127.0.0.1:9"),
        ("ray=ray://127.0.0.1:9", "no Ray cluster answers at ray://127.0.0.1:9"),
        ("ray=127.0.0.1:9", "no Ray cluster answers at 127.0.0.1:9"),
    ],
)
def test_a_cluster_that_does_not_answer_is_told_in_one_line(server, mill, runner, told):
    process = pagemill(*words(mill, "--runner", runner), env=environment(server))
    said = process.communicate()[1]
    assert process.returncode == ExitCode.USAGE, said
    *_, error, advice = said.splitlines()
    assert error == f"error: {told}"
    assert "start it with" in advice


@pytest.mark.long
def test_a_process_without_a_key_is_named_with_what_it_lacks(server, mill):
    env = {name: value for name, value in environment(server).items() if name != "DASHSCOPE_API_KEY"}
    process = pagemill(*words(mill, "--runner", "dask", "--runner-workers", 1), env=env)
    said = process.communicate()[1]
    assert process.returncode == ExitCode.CREDENTIALS, said
    *_, error, advice = said.splitlines()
    assert re.fullmatch(r"error: .*, process \d+: .*", error)
    assert "DASHSCOPE_API_KEY" in advice


@pytest.mark.parametrize(
    ("more", "error", "advice"),
    [
        (["--runner", "dusk"], "--runner: there is no runner 'dusk'", "did you mean dask?"),
        (["--runner", "dask=tcp://a:1", "--runner-workers", "2"], "--runner-workers: the cluster at", "leave it out"),
        (["--runner-workers", "2"], "--runner-workers: processes of which runner?", "--runner dask"),
        (["--runner", "ray", "--password", "sesame"], "passwords are not handed to Prefect", "leave --runner out"),
    ],
)
def test_a_runner_that_cannot_be_meant_is_refused_before_anything_begins(mill, capsys, more, error, advice):
    assert main([*map(str, words(mill)), *more]) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert error in said
    assert advice in said
    assert not mill.out.exists()


@pytest.mark.parametrize("runner", RUNNERS)
def test_what_is_not_installed_is_told_with_what_installs_it(mill, capsys, monkeypatch, runner):
    monkeypatch.setitem(sys.modules, f"prefect_{runner}", None)
    assert main([*map(str, words(mill)), "--runner", runner]) == ExitCode.USAGE
    assert f"pip install 'pagemill[{runner}]'" in capsys.readouterr().err
    assert not mill.out.exists()
