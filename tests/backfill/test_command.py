"""`pagemill backfill`: planned, worked off, paused, resumed and given up from the command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flows.cli import main
from schemas.errors import ExitCode
from tests.mill import Mill, card

ROOT = Path(__file__).parents[2]


@pytest.fixture
def mill(tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    (tmp_path / "in").mkdir()
    for number in range(6):
        card(tmp_path / "in" / f"{number}.png", f"card {number}")
    return Mill(tmp_path / "in", tmp_path / "out", emulator)


def words(mill, *more):
    pace = ("--rpm", 60_000, "--tpm", 10**9, "--workers", 1, "--backend", "dashscope", "--shard-pages", 2)
    new = ("backfill", mill.source, "--out", mill.out, "--base-url", mill.emulator.base_url, "--shards-per-run", 1)
    return [str(word) for word in (*new, *pace, *more)]


def told(capsys):
    out, said = capsys.readouterr()
    return json.loads(out), said


def unfinished(mill, capsys):
    assert main(["backfill", "--list", "--out", str(mill.out), "--json"]) == ExitCode.OK
    return told(capsys)[0]


def test_a_backfill_is_one_command_from_plan_to_tables(mill, capsys):
    assert main(words(mill, "--json")) == ExitCode.OK
    outcome, said = told(capsys)
    assert (outcome["status"], outcome["pages_done"], outcome["shares"]) == ("finished", 6, 3)
    assert len(mill.table("pages")) == 6
    assert f"pagemill backfill --resume {outcome['backfill_id']} --ledger {mill.out}" in said
    assert f"backfill {outcome['backfill_id']} finished: 6 of 6 pages read" in said
    assert unfinished(mill, capsys) == []


def test_pages_that_were_not_read_are_told_by_the_exit_code(mill, capsys):
    mill.emulator.plan.always("400-blocked")
    assert main(words(mill, "--json")) == ExitCode.PAGES_MISSING
    assert told(capsys)[0]["pages_failed"] == 6


def test_what_rests_at_its_budget_goes_on_with_a_larger_one(mill, capsys):
    assert main(words(mill, "--max-pages", 3, "--json")) == ExitCode.BUDGET
    outcome, said = told(capsys)
    assert "could pass the limit on pages of the whole backfill" in said
    assert outcome["status"] == "budget"
    assert outcome["pages_done"] == len(mill.emulator.calls) <= 3
    again = ["backfill", "--resume", outcome["backfill_id"], "--out", str(mill.out), "--max-pages", "100", "--json"]
    assert main(again) == ExitCode.OK
    assert told(capsys)[0]["pages_done"] == 6
    assert len(mill.emulator.calls) == 6


def test_what_is_paused_is_resumed_by_whoever_knows_its_name(mill, capsys):
    assert main(words(mill, "--max-pages", 1)) == ExitCode.BUDGET
    (one,) = unfinished(mill, capsys)
    assert main(["backfill", "--pause", one["backfill_id"], "--out", str(mill.out)]) == ExitCode.OK
    assert f"backfill {one['backfill_id']} paused: " in capsys.readouterr().out
    assert unfinished(mill, capsys)[0]["status"] == "paused"
    ledger = str(mill.out / "ledger.sqlite3")
    again = ["backfill", "--resume", one["backfill_id"], "--ledger", ledger, "--max-pages", "100"]
    assert main(again) == ExitCode.OK


def test_what_is_given_up_keeps_what_was_read_and_makes_room_for_another(mill, capsys):
    assert main(words(mill, "--max-pages", 2)) == ExitCode.BUDGET
    (one,) = unfinished(mill, capsys)
    assert main(words(mill, "--match", "0*")) == ExitCode.OUTPUT_IN_USE
    assert f"backfill {one['backfill_id']} into this output is not finished" in capsys.readouterr().err
    assert main(["backfill", "--drop", one["backfill_id"], "--out", str(mill.out)]) == ExitCode.OK
    capsys.readouterr()
    assert main(["backfill", "--resume", one["backfill_id"], "--out", str(mill.out)]) == ExitCode.NO_INPUT
    assert main(words(mill)) == ExitCode.OK
    assert len(mill.table("pages")) == len(mill.emulator.calls) == 6


@pytest.mark.parametrize(
    ("more", "named"),
    [
        (["--since", "yesterday"], "--since: 'yesterday' is no date"),
        (["--deadline", "soon"], "--deadline: 'soon' is no date"),
        (["--shard-pages", "0"], "--shard-pages: should be greater than or equal to 1"),
        (["--resume", "bf-1"], "give SOURCE, or one of --resume ID"),
        (["--operation", "txt"], "txt"),
    ],
)
def test_a_wrong_word_is_refused_before_anything_begins(mill, capsys, more, named):
    assert main(words(mill, *more)) == ExitCode.USAGE
    assert named in capsys.readouterr().err
    assert not mill.out.exists()


def test_a_name_that_nobody_knows_is_answered_with_those_that_are_known(mill, capsys):
    assert main(words(mill, "--max-pages", 1)) == ExitCode.BUDGET
    (one,) = unfinished(mill, capsys)
    assert main(["backfill", "--resume", "bf-nobody", "--out", str(mill.out)]) == ExitCode.NO_INPUT
    assert f"not finished there: {one['backfill_id']}" in capsys.readouterr().err


def test_an_interrupt_finishes_what_is_in_flight_and_the_same_command_goes_on(mill, capsys):
    mill.emulator.latency = type(mill.emulator.latency)(base=1.0)
    command = [sys.executable, "-m", "flows.cli", *words(mill, "--in-flight", 1)]
    with subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        while not mill.emulator.calls:
            assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGINT)
        said = process.communicate()[1]
    assert process.returncode == ExitCode.INTERRUPTED, said
    assert "go on with: pagemill backfill --resume bf-" in said
    mill.emulator.latency = type(mill.emulator.latency)(base=0.0)
    assert main(words(mill, "--in-flight", 1)) == ExitCode.OK
    assert len(mill.table("pages")) == len(mill.emulator.calls) == 6
