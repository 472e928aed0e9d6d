"""A run as a flow run: the same results, and a record in Prefect that says what happened and tells no secret."""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from dataclasses import dataclass

import pandas as pd
import pytest

from flows.interrupts import FINISHING, STOPPING
from schemas.errors import ExitCode
from tests.emulator import Emulator
from tests.mill import Mill, card, paper
from tests.prefect.listening import wire_to
from tests.prefect.serving import PrefectServer
from tests.prefect.serving import pagemill as start

pytestmark = pytest.mark.xdist_group("prefect")
KEY, PASSWORD = "sk-emulator", "sesame-open-4711"


@dataclass(frozen=True)
class Made:
    """A run as a flow run beside the same run without Prefect."""

    watched: Mill
    directly: Mill
    codes: tuple[int, int]
    said: str
    flow_run_id: str


def words(mill, *more):
    pace = ("--rpm", 60_000, "--tpm", 10**9, "--workers", 1, "--backend", "dashscope")
    return ("run", mill.source, "--out", mill.out, "--base-url", mill.emulator.base_url, *pace, *more)


def environment(server, **more):
    return server.environment | {"DASHSCOPE_API_KEY": KEY, **more}


def folder(path):
    path.mkdir()
    paper(path / "letter.pdf", "Dear Sir", "Yours")
    card(path / "receipt.png", "Total 12.50")
    (path / "broken.pdf").write_bytes(b"%PDF-1.4 nothing that follows makes sense")
    return path


@pytest.fixture(scope="module")
def made(server, tmp_path_factory):
    home = tmp_path_factory.mktemp("both")
    source = folder(home / "inbox")
    with Emulator() as emulator:
        watched, directly = Mill(source, home / "watched", emulator), Mill(source, home / "directly", emulator)
        alone = {name: value for name, value in environment(server).items() if not name.startswith("PREFECT_")}
        runs = [
            start(*words(watched, "--password", PASSWORD, "--json"), env=environment(server)),
            start(*words(directly, "--json"), env=alone),
        ]
        (out, said), _ = [run.communicate() for run in runs]
    codes = (runs[0].returncode, runs[1].returncode)
    assert out, said
    return Made(watched, directly, codes, said, json.loads(out)["prefect_flow_run_id"])


@pytest.mark.parametrize("table", ["pages", "files", "calls"])
def test_both_ways_leave_the_same_tables(made, table):
    pd.testing.assert_frame_equal(made.watched.comparable(table), made.directly.comparable(table))


def test_both_ways_leave_with_the_same_exit_code(made):
    assert made.codes == (ExitCode.PAGES_MISSING, ExitCode.PAGES_MISSING), made.said


def test_prefect_is_not_heard_beside_the_progress(made):
    first, second, *_ = made.said.splitlines()
    assert first.startswith("backend: dashscope")
    assert second.startswith("run 20")
    assert not re.search(r"prefect|flow run|Finished in state|INFO|WARNING", made.said, re.IGNORECASE), made.said


def test_a_run_with_gaps_is_completed_under_a_name_that_says_so(server, made):
    ((name, kind, state, message),) = server.rows(
        "select r.name, r.state_type, r.state_name, s.message from flow_run r "
        "join flow_run_state s on s.id = r.state_id where r.id = ?",
        made.flow_run_id,
    )
    assert (name, kind, state) == ("text: inbox → watched", "COMPLETED", "CompletedWithGaps")
    assert message == "3 files, 3 of 3 pages read"


def test_a_shard_is_one_task_run_that_names_its_files(server, made):
    ((name, state),) = server.soon(
        "select name, state_name from task_run where flow_run_id = ? and state_name = 'Completed' "
        "and name like 'letter%'",
        made.flow_run_id,
    )
    assert re.fullmatch(r"letter\.pdf \+ 1 files \(3 pages\) [0-9a-f]{8}", name)
    assert state == "Completed"


def test_progress_report_and_files_are_a_handful_of_artifacts(server, made):
    rows = server.rows("select key, data from artifact where flow_run_id = ? and key is not null", made.flow_run_id)
    artifacts = {key: json.loads(str(data)) for key, data in rows}
    assert len(rows) == len(artifacts) == 3
    assert artifacts["pagemill-progress"] == 100.0
    assert artifacts["pagemill-report"].startswith("# partial success: 3 of 3 pages read · 1 file not read")
    files = json.loads(artifacts["pagemill-files"])
    assert [(row["name"], row["status"]) for row in files] == [
        ("broken.pdf", "failure"),
        ("letter.pdf", "success"),
        ("receipt.png", "success"),
    ]


def test_the_results_are_an_asset_with_the_inbox_upstream_of_it(server, made):
    ((resource, related),) = server.soon(
        "select resource, related from events where event = 'prefect.asset.materialization.succeeded' "
        "and resource_id like ?",
        f"file://{made.watched.out}%",
    )
    assert json.loads(resource)["prefect.resource.id"] == f"file://{made.watched.out}"
    upstream = [each["prefect.resource.id"] for each in json.loads(related) if each["prefect.resource.role"] == "asset"]
    assert upstream == [f"file://{made.watched.source}"]


def test_the_core_is_heard_in_the_log_of_the_run(server, made):
    messages = [row[0] for row in server.rows("select message from log where flow_run_id = ?", made.flow_run_id)]
    assert any("text by dashscope/" in message for message in messages)
    assert any("broken.pdf: " in message for message in messages)


def test_neither_key_nor_password_is_anywhere_in_prefect(server, made):
    kept = server.everything()
    assert b"inbox" in kept
    assert KEY.encode() not in kept
    assert PASSWORD.encode() not in kept


def asked_of_prefect(server, mill, shard_pages):
    """What a run asks of Prefect's server, but for its log, which is sent as time passes; and its shards."""
    with wire_to(server.port) as wire:
        env = environment(server, PREFECT_API_URL=wire.url)
        said = start(*words(mill, "--shard-pages", shard_pages), env=env).communicate()[1]
    shards = len(list((mill.out / "pages").glob("*.parquet")))
    assert shards, said
    return {what: count for what, count in wire.asked.items() if what != "POST /api/logs/"}, shards


@pytest.mark.long
def test_what_is_asked_of_the_server_does_not_grow_with_the_shards(server, tmp_path, emulator):
    card(tmp_path / "long.tiff", "long", frames=40)
    few, many = (Mill(tmp_path / "long.tiff", tmp_path / name, emulator) for name in ("few", "many"))
    asked_for_few, shards = asked_of_prefect(server, few, 10_000)
    assert shards == 2  # of sixteen pages, and of the rest
    asked_for_many, shards = asked_of_prefect(server, many, 1)
    assert shards == 40
    assert asked_for_few["POST /api/artifacts/"] == 3
    assert asked_for_many == asked_for_few


@pytest.mark.long
def test_a_shard_and_the_asset_at_the_end_are_three_events_each(server, tmp_path, emulator):
    card(tmp_path / "long.tiff", "long", frames=12)
    mill = Mill(tmp_path / "long.tiff", tmp_path / "out", emulator)
    out, said = start(*words(mill, "--shard-pages", 1, "--json"), env=environment(server)).communicate()
    assert out, said
    flow_run = json.loads(out)["prefect_flow_run_id"]
    of_run = (
        "from events e join event_resources r on r.event_id = e.id "
        "where r.resource_id = ? and e.event like 'prefect.task-run.%' "
    )
    run = f"prefect.flow-run.{flow_run}"
    server.soon(f"select count(*) {of_run} having count(*) >= 39", run)
    told = server.rows(f"select e.event, count(*) {of_run} group by 1", run)
    assert dict(told) == {f"prefect.task-run.{state}": 12 + 1 for state in ("Pending", "Running", "Completed")}


@pytest.fixture
def slow(tmp_path):
    """A mill whose service takes its time, and an event that says when it was asked."""
    asked = threading.Event()
    source = tmp_path / "in"
    source.mkdir()
    for number in range(6):
        card(source / f"{number}.png", f"card {number}")

    def answer(_question):
        asked.set()
        return "read"

    with Emulator() as emulator:
        emulator.responder = answer
        yield Mill(source, tmp_path / "out", emulator), asked


@pytest.mark.parametrize("sent", [pytest.param(signal.SIGINT, marks=pytest.mark.long), signal.SIGTERM])
def test_one_signal_finishes_what_is_in_flight_as_without_prefect(server, slow, sent):
    mill, asked = slow
    mill.emulator.latency = type(mill.emulator.latency)(base=2.0)
    with start(*words(mill, "--in-flight", 1, "--json"), env=environment(server)) as process:
        assert asked.wait(60)
        process.send_signal(sent)
        out, said = process.communicate()
    assert process.returncode == ExitCode.INTERRUPTED, said
    assert FINISHING in said
    assert "Traceback" not in said
    assert list(mill.table("pages")["status"]).count("ok") >= 1
    flow_run = json.loads(out)["prefect_flow_run_id"]
    ((kind, state, message),) = server.rows(
        "select s.type, s.name, s.message from flow_run r join flow_run_state s on s.id = r.state_id where r.id = ?",
        flow_run,
    )
    assert (kind, state) == ("FAILED", "Interrupted")
    assert "run the same command again" in message


@pytest.mark.long
def test_a_second_interrupt_stops_at_once_as_without_prefect(server, slow):
    mill, asked = slow
    mill.emulator.latency = type(mill.emulator.latency)(base=600.0)
    with start(*words(mill, "--in-flight", 1), env=environment(server)) as process:
        assert asked.wait(60)
        process.send_signal(signal.SIGINT)
        said = process.stderr.readline()
        while FINISHING not in said:
            said += process.stderr.readline()
        process.send_signal(signal.SIGINT)
        said += process.communicate()[1]
    assert process.returncode == ExitCode.INTERRUPTED, said
    assert STOPPING in said
    assert "Traceback" not in said


@pytest.mark.long
def test_a_run_that_was_killed_is_marked_as_crashed_by_the_next_which_goes_on_from_there(server, slow):
    mill, asked = slow
    mill.emulator.latency = type(mill.emulator.latency)(base=2.0)
    with start(*words(mill, "--in-flight", 1), env=environment(server)) as process:
        assert asked.wait(120)
        process.kill()
    name = f"text: {mill.source.name} → {mill.out.name}"
    ((dead,),) = server.rows("select id from flow_run where name = ? and state_type = 'RUNNING'", name)
    mill.emulator.latency = type(mill.emulator.latency)(base=0.0)
    with start(*words(mill), env=environment(server)) as process:
        said = process.communicate()[1]
    assert process.returncode == ExitCode.OK, said
    ((kind, message),) = server.rows(
        "select s.type, s.message from flow_run r join flow_run_state s on s.id = r.state_id where r.id = ?", dead
    )
    assert kind == "CRASHED"
    assert message.startswith("its process is gone")


def test_a_run_that_cannot_begin_is_failed_with_the_sentence_that_mends_it(server, tmp_path):
    mill_words = ("run", folder(tmp_path / "keyless"), "--out", tmp_path / "out", "--backend", "dashscope")
    process = start(*mill_words, env=server.environment)
    said = process.communicate()[1]
    assert process.returncode == ExitCode.CREDENTIALS, said
    ((state, message),) = server.rows(
        "select s.name, s.message from flow_run r join flow_run_state s on s.id = r.state_id where r.name like ?",
        "text: keyless%",
    )
    assert state == "Credentials"
    assert "DASHSCOPE_API_KEY" in message


def test_a_server_that_does_not_answer_is_told_in_one_line(server, tmp_path):
    source = folder(tmp_path / "in")
    nowhere = environment(server, PREFECT_API_URL="http://127.0.0.1:9/api")
    process = start("run", source, "--out", tmp_path / "out", env=nowhere)
    said = process.communicate()[1]
    assert process.returncode == ExitCode.USAGE, said
    error, advice = said.splitlines()
    assert error.startswith("error: the Prefect server at http://127.0.0.1:9/api did not let the run begin: ")
    assert advice.startswith("try: start it with: prefect server start")


@pytest.mark.long
def test_the_embedded_server_needs_nothing_and_leaves_the_same(made, server, tmp_path):
    with Emulator() as emulator:
        mill = Mill(made.watched.source, tmp_path / "out", emulator)
        alone = {name: value for name, value in environment(server).items() if not name.startswith("PREFECT_")}
        process = start(*words(mill, "--prefect"), env=alone | {"PREFECT_HOME": str(tmp_path / "home")})
        said = process.communicate()[1]
    assert process.returncode == ExitCode.PAGES_MISSING, said
    assert said.startswith("starting Prefect's embedded server\nbackend: dashscope")
    pd.testing.assert_frame_equal(mill.comparable("pages"), made.directly.comparable("pages"))


@pytest.mark.long
def test_an_interrupt_at_the_terminal_does_not_take_the_embedded_server_along(slow, server, tmp_path):
    mill, asked = slow
    mill.emulator.latency = type(mill.emulator.latency)(base=2.0)
    alone = {name: value for name, value in environment(server).items() if not name.startswith("PREFECT_")}
    home = alone | {"PREFECT_HOME": str(tmp_path / "home")}
    with start(*words(mill, "--prefect", "--in-flight", 1), env=home, start_new_session=True) as process:
        assert asked.wait(240)
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to everything in the foreground
        said = process.communicate()[1]
    assert process.returncode == ExitCode.INTERRUPTED, said
    assert FINISHING in said
    assert "could not be told" not in said
    state = PrefectServer(tmp_path / "home", 0).rows("select state_name from flow_run")
    assert state == [("Interrupted",)]
