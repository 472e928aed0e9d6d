"""What was acknowledged is there, whatever happened since."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import event, text

from schemas.errors import ExitCode, LedgerFault
from tasks.ledger import open_ledger
from tests.ledger.samples import a_call, an_answer

ROOT = Path(__file__).parents[2]


@contextmanager
def keeping(where: str, prefix: str, count: int = 0) -> Iterator[subprocess.Popen[str]]:
    """Run a process that keeps answers: *count* of them, or until it is killed."""
    command = [sys.executable, str(Path(__file__).with_name("keeper.py")), where, prefix, str(count)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def acknowledged_until_killed(where: str, prefix: str, lines: int) -> list[str]:
    """Kill a keeper after it acknowledged so many answers; give all that it acknowledged."""
    with keeping(where, prefix) as process:
        assert process.stdout is not None
        first = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        rest = process.stdout.read().splitlines(keepends=True)
    return [line.strip() for line in first + rest if line.endswith("\n")]


@pytest.mark.parametrize(
    "kills", [3, pytest.param(15, marks=pytest.mark.long), pytest.param(60, marks=pytest.mark.soak)]
)
async def test_a_kill_loses_nothing_that_was_acknowledged_and_leaves_nothing_half(where, kills):
    draw = random.Random(kills)
    acknowledged: list[str] = []
    for number in range(kills):
        lines = draw.randrange(1, 300)
        acknowledged += await asyncio.to_thread(acknowledged_until_killed, where, f"kept{number}", lines)
    async with open_ledger(where) as ledger:
        kept = await ledger.kept(acknowledged)
        assert len(kept) == len(acknowledged)
        assert all(answer.response.text == key * 200 for key, answer in kept.items())
        calls = await ledger.calls_of_runs(["run-1"])
        answered = {call.base_key for call in calls if call.outcome == "answered"}
        assert answered >= set(acknowledged)
        assert await ledger.kept_keys([call.base_key for call in calls]) == answered
        assert len(await ledger.mark_lost()) == len(calls) - len(answered) <= 16 * kills


async def test_two_processes_write_at_once(where):
    with ExitStack() as stack:
        processes = [stack.enter_context(keeping(where, prefix, 300)) for prefix in ("one", "two")]
        printed = [await asyncio.to_thread(process.communicate) for process in processes]
        assert [process.returncode for process in processes] == [0, 0]
    acknowledged = [key for out, _ in printed for key in out.split()]
    async with open_ledger(where) as ledger:
        assert len(await ledger.kept_keys(acknowledged)) == 600


async def test_a_full_file_stops_the_ledger_and_leaves_what_is_in_it(tmp_path):
    where = str(tmp_path / "ledger.sqlite3")
    async with open_ledger(where) as ledger:
        await ledger.close_calls([], an_answer("before"))
        limit_pages(ledger)
        await fill_up(ledger)
    await still_good(where)


def limit_pages(ledger):
    """Let SQLite refuse to grow the file, as it does when the disk is full."""
    event.listen(ledger._engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count = 60"))
    ledger._engine.dispose()


async def fill_up(ledger):
    answers = [an_answer(f"key-{n}", text=random.Random(n).randbytes(3_000).hex()) for n in range(1_000)]
    outcomes = await asyncio.gather(*(ledger.close_calls([], answer) for answer in answers), return_exceptions=True)
    faults = [outcome for outcome in outcomes if outcome is not None]
    assert faults
    assert {type(fault) for fault in faults} == {LedgerFault}
    assert {(fault.exit_code, str(fault)) for fault in faults} == {
        (ExitCode.OUTPUT, f"The ledger {ledger.where} cannot be used: there is no space left for it.")
    }
    assert all("Free some space" in fault.advice for fault in faults)
    with pytest.raises(LedgerFault, match="no space left"):
        await ledger.open_call(a_call())


async def still_good(where):
    async with open_ledger(where) as ledger:
        assert await ledger.kept_keys(["before"]) == {"before"}
        await ledger.close_calls([], an_answer("after"))
    with closing(sqlite3.connect(where)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of two megabytes."""
    mounting = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(tmp_path)]
    with suppress(FileNotFoundError):
        if subprocess.run(mounting, stderr=subprocess.DEVNULL, check=False).returncode == 0:
            yield tmp_path
            subprocess.run(["umount", str(tmp_path)], check=True)
            return
    pytest.skip("a file system cannot be mounted here; SQLite's own limit stands in for it in the test above")


async def test_a_full_disk_stops_the_ledger_and_leaves_what_is_in_it(small_disk):
    where = str(small_disk / "ledger.sqlite3")
    async with open_ledger(where) as ledger:
        await ledger.close_calls([], an_answer("before"))
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(900_000))
        await fill_up(ledger)
    ballast.unlink()
    await still_good(where)


async def test_a_lock_of_another_process_is_waited_for(tmp_path):
    where = str(tmp_path / "ledger.sqlite3")
    async with open_ledger(where) as ledger:
        with closing(sqlite3.connect(where, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            keeping = asyncio.ensure_future(ledger.close_calls([], an_answer()))
            assert await ledger.kept_keys(["key"]) == set()
            assert not keeping.done()
            other.execute("COMMIT")
        await keeping
        assert await ledger.kept_keys(["key"]) == {"key"}


@pytest.mark.xdist_group("postgresql")
async def test_a_lost_connection_is_made_again(cluster):
    async with open_ledger(cluster.new_schema()) as ledger:
        await ledger.close_calls([], an_answer("before"))
        for _ in range(3):
            cluster.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pagemill'"
            )
            assert await ledger.kept_keys(["before"]) == {"before"}
            await ledger.close_calls([], an_answer("after"))
        assert await ledger.kept_keys(["before", "after"]) == {"before", "after"}


@pytest.mark.xdist_group("postgresql")
async def test_a_restart_of_the_server_is_waited_for(cluster):
    async with open_ledger(cluster.new_schema()) as ledger:
        await ledger.close_calls([], an_answer("before"))
        await asyncio.to_thread(cluster.stop)
        work = asyncio.gather(ledger.close_calls([], an_answer("after")), ledger.kept_keys(["before"]))
        await asyncio.to_thread(cluster.start)
        assert await work == [None, {"before"}]
        assert await ledger.kept_keys(["after"]) == {"after"}


@pytest.mark.xdist_group("postgresql")
@pytest.mark.parametrize(
    ("state", "said"),
    [("53100", "the server's disk is full"), ("25006", "takes no writes"), ("42501", "has not the rights")],
)
async def test_what_the_server_complains_of_is_said_in_words(cluster, state, said):
    def complain(connection):
        connection.execute(text(f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{state}'; END $$"))

    async with open_ledger(cluster.new_schema()) as ledger:
        with pytest.raises(LedgerFault, match=said) as caught:
            await ledger.write(complain)
        assert caught.value.advice
        with pytest.raises(LedgerFault, match=said):
            await ledger.open_call(a_call())


async def test_a_closed_ledger_refuses(where):
    ledger = open_ledger(where)
    await ledger.close()
    await ledger.close()
    with pytest.raises(LedgerFault, match="is closed"):
        await ledger.open_call(a_call())
    with pytest.raises(LedgerFault, match="is closed"):
        await ledger.kept(["key"])


async def test_what_waits_is_written_before_the_ledger_closes(where):
    ledger = open_ledger(where)
    waiting = [asyncio.ensure_future(ledger.close_calls([], an_answer(f"key-{n}"))) for n in range(100)]
    await asyncio.sleep(0)
    await ledger.close()
    await asyncio.gather(*waiting)
    async with open_ledger(where) as again:
        assert len(await again.kept_keys([f"key-{n}" for n in range(100)])) == 100


def test_a_ledger_whose_loop_is_over_can_be_closed_by_another(where):
    async def leave_one_waiting():
        opened = open_ledger(where)
        waiting = asyncio.ensure_future(opened.close_calls([], an_answer()))
        await asyncio.sleep(0)
        waiting.cancel()
        return opened

    ledger = asyncio.run(leave_one_waiting())
    asyncio.run(ledger.close())
