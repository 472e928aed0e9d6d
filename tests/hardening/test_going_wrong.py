"""A run that goes wrong stops by itself, and says what went wrong."""

from __future__ import annotations

import asyncio
import json
import shlex

import pytest

from flows.cli import main
from schemas.errors import ExitCode
from tasks.run import retry
from tests.hardening.test_memory import png
from tests.mill import Memory, card

pytestmark = pytest.mark.xdist_group("hardening")

PAGES = 40


def test_the_option_is_checked(capsys):
    assert main(["run", "in", "--out", "out", "--max-failures", "lots"]) == ExitCode.USAGE
    assert "--max-failures: 'lots' is no limit on failures" in capsys.readouterr().err


@pytest.mark.parametrize(("limit", "done"), [("3", 4), ("10%", 20)])
async def test_a_run_going_wrong_stops_and_goes_on_once_it_is_mended(mill, limit, done):
    for number in range(PAGES):
        card(mill.source / f"{number:02}.png", f"card {number}")
    mill.emulator.plan.always("400-blocked")

    stopped = await mill.run(max_failures=limit, in_flight=1, shard_pages=4)

    assert (stopped.status, stopped.exit_code) == ("stopped", ExitCode.TOO_MANY_FAILURES)
    assert stopped.error_kind == "too_many_failures"
    assert stopped.error_message.startswith(f"{done} of {done} pages failed, more than --max-failures allows")
    asked = mill.emulator.totals().requests
    assert done <= asked <= done + 1  # one may have been in flight
    assert len(mill.table("pages")) == stopped.pages_blocked == asked

    mill.emulator.plan.clear()
    whole = await mill.run(max_failures=limit)

    assert (whole.pages_ok, whole.pages_blocked, whole.exit_code) == (PAGES - asked, asked, ExitCode.PAGES_MISSING)
    again = await retry(mill.config(max_failures=limit), ["blocked"], reporter=Memory(), stop=asyncio.Event())
    assert (again.pages_ok, again.exit_code) == (PAGES, ExitCode.OK)
    assert not mill.table("pages").duplicated(["source", "page_no"]).any()


async def test_status_lists_the_first_problems_and_on_demand_every_one(mill, capsys):
    for number in range(8):
        card(mill.source / f"{number:02}.png", f"card {number}")
    (mill.source / "broken.pdf").write_bytes(b"%PDF-1.7\nnothing")
    mill.emulator.plan.always("400-blocked")
    await mill.run()

    assert await asyncio.to_thread(main, ["status", "--out", str(mill.out)]) == ExitCode.OK
    some = capsys.readouterr().out
    assert await asyncio.to_thread(main, ["status", "--out", str(mill.out), "--problems"]) == ExitCode.OK
    every = capsys.readouterr().out
    assert await asyncio.to_thread(main, ["status", "--out", str(mill.out), "--json"]) == ExitCode.OK
    as_data = json.loads(capsys.readouterr().out)

    assert (as_data["pages"], as_data["calls"], len(as_data["problems"])) == ({"blocked": 8}, {"permanent": 8}, 9)
    assert some.count(" page 1: blocked: ") == 4
    assert f"and 4 problems more: pagemill status --out {mill.out} --problems" in some
    assert every.count(" page 1: blocked: ") == 8
    assert "more:" not in every
    for said in (some, every):
        assert "broken.pdf: corrupt: " in said


def test_documents_that_look_hostile_or_keep_failing_are_listed_with_what_tries_them_again(mill, capsys):
    for number in range(3):
        card(mill.source / f"{number}.png", f"card {number}")
    (mill.source / "vast.png").write_bytes(png(60_000, 60_000, b""))
    mill.emulator.plan.always("400-blocked")
    asyncio.run(mill.run())
    asking = ["status", "--out", str(mill.out), "--problems"]

    main(asking)
    once = capsys.readouterr().out
    assert main(["retry", "--out", str(mill.out), "--only", "blocked"]) == ExitCode.PAGES_MISSING
    capsys.readouterr()
    main([*asking, "--json"])
    as_data = json.loads(capsys.readouterr().out)["quarantined"]
    main(asking)
    twice = capsys.readouterr().out

    assert "vast.png (1 too_large); look at it, then: pagemill retry" in once
    assert "keeps failing" not in once
    assert [(found["reason"], found["asked_again"]) for found in as_data] == [("keeps failing", 1)] * 3 + [
        ("looks hostile", 0)
    ]
    assert twice.count("keeps failing: ") == 3
    assert "0.png (1 blocked, asked again 1 time); look at it, then: pagemill retry" in twice
    mill.emulator.plan.clear()
    line = next(line for line in twice.splitlines() if "0.png (1 blocked" in line).partition("then: ")[2]
    tried = main(shlex.split(line)[1:])
    assert tried == ExitCode.PAGES_MISSING, capsys.readouterr().err  # the vast one is as it was
    main(asking)
    assert "keeps failing" not in capsys.readouterr().out
