"""Two workers, one backfill, one account: every page once, at the account's pace, also when one of them is killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from schemas.errors import ExitCode
from tests.emulator import Emulator
from tests.mill import Mill, billed, card
from tests.prefect.serving import ROOT, PrefectServer, pagemill

pytestmark = [pytest.mark.xdist_group("prefect")]
PAGES, RPM = 160, 600


@dataclass(frozen=True)
class Yard:
    """A server with our deployments, and what a worker is started with."""

    server: PrefectServer
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        ours = {"PAGEMILL_HOME": str(self.home), "DASHSCOPE_API_KEY": "sk-emulator", "PYTHONPATH": str(ROOT),
                "PREFECT_WORKER_QUERY_SECONDS": "1"}  # fmt: skip
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return self.server.environment | ours | {"PATH": path, "COLUMNS": "200"}

    def prefect(self, *words: str) -> str:
        command = [sys.executable, "-m", "prefect", "--no-prompt", *words]
        done = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def worker(self, name: str) -> Any:
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "pagemill", "--type", "process"]
        with (self.home / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--name", name, "--limit", "1"], cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
            try:
                yield process
            finally:
                for pid in [process.pid, *descendants(process.pid)]:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                process.wait(60)

    def states(self, backfill_id: str) -> list[tuple[str, str]]:
        query = "select state_type, state_name from flow_run where tags like ? order by created"
        return [(kind, name) for kind, name in self.server.rows(query, f"%backfill:{backfill_id}%")]


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and those that these did."""
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, path.read_text().split()):
                found += [child, *descendants(child)]
    return found


def kill(process: subprocess.Popen[bytes]) -> None:
    """What a power cut does: the worker, its runs, and theirs."""
    os.kill(process.pid, signal.SIGSTOP)  # so that nothing is started between the look and the kill
    for pid in [*descendants(process.pid), process.pid]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def until(condition, process, *, within=240.0):
    """Wait for what a process brings about."""
    end = time.monotonic() + within
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it never came"
        time.sleep(0.1)  # nothing tells of what another process did


@pytest.fixture(scope="module")
def yard(server, tmp_path_factory):
    yard = Yard(server, tmp_path_factory.mktemp("yard"))
    yard.prefect("work-pool", "create", "pagemill", "--type", "process", "--overwrite")
    said = yard.prefect("deploy", "--all")
    assert said.count("successfully created") == 5, said
    return yard


@pytest.fixture
def mill(tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(PAGES // 10):
        card(tmp_path / "in" / f"{number:03}.tiff", f"card {number}", frames=10)
    with Emulator() as emulator:
        emulator.set_limits(rpm=RPM)
        emulator.latency = type(emulator.latency)(base=0.5)
        yield Mill(tmp_path / "in", tmp_path / "out", emulator)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request, tmp_path):
    if request.param == "postgresql":
        return request.getfixturevalue("cluster").new_schema()
    return str(tmp_path / "ledger.sqlite3")


def words(mill, ledger):
    pace = ("--rpm", RPM, "--tpm", 10**9, "--workers", 1, "--in-flight", 20, "--backend", "dashscope")
    shares = ("--shard-pages", 10, "--shards-per-run", 4)
    return ("backfill", mill.source, "--out", mill.out, "--ledger", ledger, "--base-url", mill.emulator.base_url,
            *pace, *shares, "--json")  # fmt: skip


@pytest.mark.long
@pytest.mark.timeout(900)
def test_two_workers_share_a_backfill_and_one_is_killed_half_way(yard, mill, ledger, monkeypatch):
    emulator = mill.emulator
    command = words(mill, ledger)
    with yard.worker("one") as first, yard.worker("two"), pagemill(*command, env=yard.environment) as process:
        until(lambda: len(emulator.calls) > PAGES // 3, process)
        kill(first)
        out, said = process.communicate()
    assert process.returncode == ExitCode.OK, said
    told = json.loads(out)
    assert (told["status"], told["pages_done"], told["shares_open"]) == ("finished", PAGES, 0)
    pages, calls = mill.table("pages"), mill.table("calls")
    assert len(pages) == len(pages[["name", "page_no"]].drop_duplicates()) == PAGES
    assert set(pages["status"]) == {"ok"}
    assert len(mill.table("files")) == PAGES // 10
    answered = calls[calls["outcome"] == "answered"]
    assert sorted(answered["request_key"]) == sorted(pages["request_key"])
    lost = int((calls["outcome"] == "lost").sum())
    assert sum(call.outcome == "answered" for call in emulator.calls) <= PAGES + lost
    assert billed(pages) == billed(calls)
    # Two that did not share the rate would have every second call refused.
    assert sum(call.status == 429 for call in emulator.calls) <= 0.2 * len(emulator.calls)
    states = yard.states(told["backfill_id"])
    assert ("CRASHED", "Crashed") in states, states
    assert not [state for state in states if state[0] == "RUNNING"]
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    emulator.set_limits()
    emulator.latency = type(emulator.latency)(base=0.0)
    alone = Mill(mill.source, mill.out.parent / "alone", emulator)
    asyncio.run(alone.run())
    assert billed(answered) == billed(alone.table("calls"))
    assert answered["cost"].sum() == pytest.approx(alone.table("calls")["cost"].sum())


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/api"])
def test_a_server_that_does_not_answer_is_told_in_one_line_and_the_plan_is_kept(server, mill, tmp_path, url):
    environment = server.environment | {"DASHSCOPE_API_KEY": "sk-emulator", "PREFECT_API_URL": url}
    process = pagemill(*words(mill, str(tmp_path / "ledger.sqlite3")), env=environment)
    said = process.communicate()[1]
    assert process.returncode == ExitCode.USAGE, said
    *_, error, advice = said.splitlines()
    assert error.startswith(f"error: the Prefect server at {url} cannot be asked: ")
    assert advice.startswith("try: start it with: prefect server start")


def test_a_database_that_does_not_answer_is_told_in_one_line(server, mill):
    nowhere = "postgresql://mill:sesame@127.0.0.1:9/ledger"
    process = pagemill(*words(mill, nowhere), env=server.environment | {"DASHSCOPE_API_KEY": "sk-emulator"})
    said = process.communicate()[1]
    assert process.returncode == ExitCode.OUTPUT, said
    error, advice = said.splitlines()
    assert "cannot be used: no connection" in error
    assert advice.startswith("try: Check address, user and database of --ledger")
    assert "sesame" not in said
