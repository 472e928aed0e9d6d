"""How a run is named, logged, reported and ended as a flow run; all of it without a server."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

import pytest

from flows.as_flow import seen_by_prefect
from flows.flow_log import LINE, OF_A_KIND, FlowLog
from flows.prefect_defaults import defaults, settle
from flows.termination import Termination
from schemas.config import RunConfig
from tests.mill import Mill, paper


@pytest.fixture
def log(caplog):
    caplog.set_level(logging.INFO, logger="the run")
    return FlowLog(logging.getLogger("the run"))


@pytest.fixture
def mill(tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-emulator")
    source = tmp_path / "in"
    source.mkdir()
    paper(source / "letter.pdf", "Dear Sir", "Yours")
    return Mill(source, tmp_path / "out", emulator)


def test_nothing_goes_home_and_prefect_is_quiet_unless_somebody_wants_it_otherwise():
    environ = {"DO_NOT_TRACK": "0", "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "7"}
    settle(environ)
    assert environ["DO_NOT_TRACK"] == "0"
    assert environ["PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS"] == "7"
    assert environ["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert environ["PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL"] == "CRITICAL"
    assert "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL" not in defaults({"PREFECT_LOGGING_LEVEL": "DEBUG"})


def test_parameters_hold_no_secret():
    config = RunConfig(
        sources=("in",), out="out", passwords=("sesame",), ledger="postgresql://mill:hush@db/x",
        base_url="https://me:hush@proxy/v1",
    )  # fmt: skip
    shown = seen_by_prefect(config).model_dump_json()
    assert "sesame" not in shown
    assert "hush" not in shown
    assert "mill:***@db" in shown


async def test_a_run_with_gaps_completes_under_a_name_of_its_own(mill):
    from flows.process_documents import ending

    whole = await mill.run()
    (mill.source / "broken.pdf").write_bytes(b"%PDF-1.4 nothing that follows makes sense")
    gaps = await mill.run()
    assert (ending(whole).type.value, ending(whole).name) == ("COMPLETED", "Completed")
    assert (ending(gaps).type.value, ending(gaps).name) == ("COMPLETED", "CompletedWithGaps")
    assert ending(gaps).message == "2 files, 2 of 2 pages read"


async def test_a_stopped_run_fails_with_what_mends_it(mill):
    from flows.process_documents import ending

    stopped = ending(await mill.run(max_tokens=1))
    assert (stopped.type.value, stopped.name) == ("FAILED", "Stopped")
    assert "--max-tokens" in stopped.message or "budget" in stopped.message


async def test_a_missing_inbox_fails_with_that_sentence(mill, log):
    from flows.process_documents import ending

    record = await mill.run(sources=(str(mill.source / "inbox"),), memory=log)
    state = ending(record, log.first_problem)
    assert (state.type.value, state.name) == ("FAILED", "Failed")
    assert state.message.startswith(f"{mill.source / 'inbox'}: nothing stands there")


async def test_the_report_and_the_table_show_problems_first_and_stay_small(mill):
    from flows.artifacts import files_to_show, report

    for number in range(5):
        (mill.source / f"x{number}.pdf").write_bytes(b"%PDF-1.4 | <b>" + bytes([65 + number]))
    record = await mill.run()
    shown = files_to_show(mill.out, limit=3)
    assert [row["status"] for row in shown] == ["failure"] * 3
    assert [row["status"] for row in files_to_show(mill.out)] == ["failure"] * 5 + ["success"]
    text = report(record, str(mill.out))
    assert text.startswith("# partial success: 2 of 2 pages read · 5 files not read")
    assert "| pages | 2: 2 ok |" in text


def test_a_table_of_nothing_is_nothing(tmp_path):
    from flows.artifacts import files_to_show

    assert files_to_show(tmp_path) == []


async def test_many_problems_of_a_kind_are_few_lines_and_none_is_long(mill, log, caplog):
    for number in range(OF_A_KIND + 5):
        (mill.source / f"{number}{'x' * 200}.pdf").write_bytes(b"%PDF-1.4 nothing")
    await mill.run(memory=log)
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert len(warnings) == OF_A_KIND + 1
    assert max(map(len, warnings)) <= LINE
    assert warnings[-1] == "more of corrupt; the tables have them all"


async def test_a_termination_waits_for_what_is_in_flight_and_is_then_handed_on():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    try:
        said = []
        with Termination(said.append) as termination:
            os.kill(os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(30):
                await termination.stop.wait()
            assert not heard
            assert said == ["finishing what is in flight"]
            termination.hand_on()
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)


async def test_without_a_termination_nothing_is_handed_on():
    heard = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    try:
        with Termination(heard.append) as termination:
            termination.hand_on()
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == [signal.SIGTERM]
    finally:
        signal.signal(signal.SIGTERM, before)
