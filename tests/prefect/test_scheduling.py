"""docs/scheduling.md does what it says: its commands, typed in its order, on this machine, in a home of their own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import import_module
from pathlib import Path

import pandas as pd
import pymupdf
import pytest
import yaml

from tests.emulator import Emulator
from tests.mill import card
from tests.prefect.serving import PrefectServer

ROOT = Path(__file__).parents[2]
NIGHTLY = "process-documents/nightly-text"
TEXT = "Invoice number 2026-0041: the total is 41.20 EUR, to be paid in March."
BLOCK = re.compile(r"^```bash ?(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
long = [pytest.mark.long, pytest.mark.timeout(900), pytest.mark.xdist_group("scheduling")]


def commands():
    """The commands of the guide, by the word behind their fence; those of every terminal have none."""
    return dict(BLOCK.findall((ROOT / "docs" / "scheduling.md").read_text(encoding="utf-8")))


def deployments():
    return yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]


def test_each_deployment_says_what_it_is_and_what_happens_when_two_meet():
    names = ["nightly-text", "nightly-structured", "backfill", "compact", "evaluate"]
    assert [deployment["name"] for deployment in deployments()] == names
    for deployment in deployments():
        assert deployment["description"]
        assert "pagemill" in deployment["tags"]
        assert deployment["work_pool"]["name"] == "pagemill"
        assert deployment["concurrency_limit"]["collision_strategy"] in {"CANCEL_NEW", "ENQUEUE"}
        assert deployment["enforce_parameter_schema"] is True


@pytest.mark.parametrize("deployment", deployments(), ids=lambda deployment: deployment["name"])
def test_parameters_of_the_deployments_are_parameters_of_their_flows(deployment):
    module, _, name = deployment["entrypoint"].partition(":")
    flow = getattr(import_module(module.removesuffix(".py").replace("/", ".")), name)
    needed = {"backfill": "bf-20261121-aa598c"} if name == "process_backfill" else {}
    flow.validate_parameters(deployment.get("parameters", {}) | needed)


@dataclass
class Desk:
    """Somebody's terminals."""

    home: Path
    server: PrefectServer

    def terminal(self, block):
        """Type a block of the guide in a terminal where the block for every terminal was typed before."""
        script = "\n".join(["set -e", commands()[""], commands().get(block, block)])
        script = script.replace(":4200", f":{self.server.port}").replace("--port 4200", f"--port {self.server.port}")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
        environment |= {"HOME": str(self.home), "PREFECT_HOME": str(self.server.home), "COLUMNS": "200"}
        environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
        log = (self.home / "terminals.log").open("ab")
        with closing(log):
            return subprocess.Popen(
                ["bash", "-c", script], cwd=ROOT, env=environment, text=True, start_new_session=True,
                stdout=subprocess.PIPE if block not in {"server", "worker"} else log, stderr=log,
            )  # fmt: skip

    def type(self, block):
        """Type a block and wait for its end; gives its exit code and what it printed."""
        with self.terminal(block) as process:
            said, _ = process.communicate()
        return process.returncode, said

    @contextmanager
    def open(self, block):
        """Let a terminal run while something else is done."""
        process = self.terminal(block)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


class Listener(ThreadingHTTPServer):
    """Whom a notification is sent to."""

    def __init__(self):
        self.said, self.heard = [], threading.Event()
        super().__init__(("127.0.0.1", 0), self.Request)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    class Request(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.said.append(self.rfile.read(int(self.headers["content-length"])).decode())
            self.server.heard.set()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    home = tmp_path_factory.mktemp("scheduling")
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        desk = Desk(home, PrefectServer(home / "prefect", free.getsockname()[1]))
    for place in ("inbox", "archive/2019"):
        folder = home / "pagemill" / place
        folder.mkdir(parents=True)
        with pymupdf.open() as document:
            document.new_page().insert_text((50, 80), TEXT)
            document.save(folder / "invoice.pdf")
        an_hour_ago = time.time() - 3_600
        os.utime(folder / "invoice.pdf", (an_hour_ago, an_hour_ago))
    with ExitStack() as terminals:
        terminals.enter_context(desk.open("server"))
        code, said = desk.type("once")
        assert code == 0, said + (home / "terminals.log").read_text()
        terminals.enter_context(desk.open("worker"))
        yield desk


class TestTheGuide:
    """One server and one worker for all of these."""

    pytestmark = long

    def test_the_nightly_run_reads_the_inbox_and_the_next_reads_nothing_twice(self, desk):
        code, said = desk.type("run")
        assert code == 0, said
        assert "cron: 0 2 * * *" in said
        assert "text: inbox → results" in said
        assert "success" in said
        pages = pd.read_parquet(desk.home / "pagemill" / "results" / "pages")
        assert [TEXT in text for text in pages["text"]] == [True]
        code, said = desk.type("run")
        assert code == 0, said
        again = pd.read_parquet(desk.home / "pagemill" / "results" / "pages")
        assert list(again["run_id"]) == list(pages["run_id"])

    def test_a_backfill_reads_what_the_caller_says(self, desk):
        code, said = desk.type("backfill")
        assert code == 0, said
        assert len(pd.read_parquet(desk.home / "pagemill" / "results-2019" / "pages")) == 1

    @pytest.mark.parametrize(
        ("flow", "parameter", "named"),
        [
            (
                "process-documents/nightly-text",
                'config={"sources":["x"],"out":"y","shard_pages":0}',
                "config.shard_pages",
            ),
            (NIGHTLY, 'config={"sources":["x"],"out":"y","shard_page":9}', "shard_page"),
            (NIGHTLY, 'sorces=["x"]', "sorces"),
            (NIGHTLY, "sources=x", "sources"),
            ("process-backfill/backfill", "ledger=x", "backfill"),
            ("compact-results/compact", "target_mb=0", "target_mb"),
        ],
    )
    def test_a_wrong_parameter_is_refused_before_a_run_begins(self, desk, flow, parameter, named):
        before = desk.server.rows("select count(*) from flow_run where auto_scheduled = 0")
        code, said = desk.type(f"prefect deployment run {flow} -p '{parameter}' 2>&1")
        assert code == 1
        assert named in said
        assert desk.server.rows("select count(*) from flow_run where auto_scheduled = 0") == before

    def test_results_are_merged_and_held_against_the_truth(self, desk):
        truth = desk.home / "pagemill" / "truth"
        truth.mkdir()
        (truth / "invoice.txt").write_text(TEXT)
        for flow in ("compact-results/compact", "evaluate-results/evaluate"):
            code, said = desk.type(f"prefect deployment run {flow} --watch 2>&1")
            assert code == 0, said
        assert "| texts compared | 1 |" in (desk.home / "pagemill" / "evaluation" / "report.md").read_text()
        ((kept,),) = desk.server.rows("select count(*) from artifact where key = 'pagemill-evaluation'")
        assert kept == 1

    def test_the_automations_are_taken_and_one_tells_of_a_run_that_stopped(self, desk):
        with Listener() as listener:
            block = commands()["automations"].replace("127.0.0.1:9", f"127.0.0.1:{listener.port}")
            code, said = desk.type(block)
            assert code == 0, said
            assert said.count("pagemill: ") == 5
            desk.type("prefect deployment run process-documents/nightly-text -p 'sources=[\"/no/letterbox\"]' --watch")
            assert listener.heard.wait(60)
        assert "no/letterbox" in listener.said[0]

    def test_a_missing_inbox_fails_with_that_sentence(self, desk):
        code, said = desk.type(
            "prefect deployment run process-documents/nightly-text -p 'sources=[\"/no/inbox\"]' --watch"
        )
        assert code == 1, said
        ((message,),) = desk.server.rows(
            "select s.message from flow_run r join flow_run_state s on s.id = r.state_id "
            "where r.state_type = 'FAILED' and r.name like 'text: inbox%'"
        )
        assert message.startswith("/no/inbox: nothing stands there")

    def test_cancelling_finishes_what_is_in_flight(self, desk):
        source, out, asked = desk.home / "cards", desk.home / "cards-out", threading.Event()
        source.mkdir()
        for number in range(40):
            card(source / f"{number:02}.png", f"card {number}")
        with Emulator() as emulator:
            emulator.latency = type(emulator.latency)(base=3.0)
            emulator.responder = lambda _question: (asked.set(), "read")[1]
            config = {"sources": [str(source)], "out": str(out), "backend": "dashscope", "in_flight": 1,
                      "base_url": emulator.base_url}  # fmt: skip
            key = '-jv \'env={"DASHSCOPE_API_KEY": "sk-emulator"}\''
            words = f"prefect deployment run {NIGHTLY} -p 'config={json.dumps(config)}' {key} --watch"
            with desk.terminal(words) as process:
                assert asked.wait(200)
                ((run,),) = desk.server.soon("select id from flow_run where name like 'text: cards%'")
                desk.type(f"prefect flow-run cancel {run}")
                process.communicate()
        assert desk.server.soon("select 1 from flow_run where id = ? and state_type = 'CANCELLED'", run)
        calls = pd.read_parquet(out / "calls")
        assert set(calls["outcome"]) == {"answered"}
        assert 0 < len(calls) < 40
        assert list(pd.read_parquet(out / "runs")["status"]) == ["interrupted"]

    def test_the_schedule_starts_a_run_by_itself(self, desk):
        (desk.home / "pagemill" / "inbox" / "late.pdf").write_bytes(b"%PDF-1.4 nothing that follows makes sense")
        desk.type("prefect deployment schedule create process-documents/nightly-text --cron '* * * * *'")
        fired = "select 1 from flow_run where auto_scheduled = 1 and state_name = 'CompletedWithGaps'"
        assert desk.server.soon(fired, within=200)
