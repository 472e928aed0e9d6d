"""Two workers, one backfill, one account: every page once, at the account's pace, also when one of them is killed."""

from __future__ import annotations

import asyncio
import json
from bisect import bisect_left
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from schemas.arrow import arrow_schema
from schemas.errors import ExitCode
from schemas.records import ALL_TABLES
from tasks.places import place_at
from tests.emulator import Emulator
from tests.mill import Mill, billed, card
from tests.prefect.serving import ROOT, pagemill
from tests.prefect.yard import Yard, kill, until

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.emulator import Call

pytestmark = [pytest.mark.xdist_group("prefect")]
WINDOWS = (10.0, 30.0)
"""Seconds over which sends are counted; a minute would hold most of the whole."""
STALL = 2.0
"""Seconds' worth of sends that may come at once, from a machine that stood still."""


@dataclass(frozen=True)
class Archive:
    """How much there is to read, in which pieces, at which rate."""

    documents: int
    frames: int
    shards_per_run: int
    rpm: int
    in_flight: int

    @property
    def shares(self) -> int:
        """How many there are: a shard is a document long."""
        return self.documents // self.shards_per_run

    @property
    def pages(self) -> int:
        return self.documents * self.frames

    def write(self, folder: Path) -> None:
        folder.mkdir()
        for number in range(self.documents):
            card(folder / f"{number:03}.tiff", f"card {number}", frames=self.frames)


SMALL = Archive(documents=16, frames=10, shards_per_run=4, rpm=600, in_flight=20)
LARGE = Archive(documents=40, frames=50, shards_per_run=10, rpm=2_400, in_flight=40)


def words(mill: Mill, ledger: str, archive: Archive, out: str = "") -> tuple[object, ...]:
    """The command, as somebody would type it."""
    pace = ("--rpm", archive.rpm, "--tpm", 10**9, "--workers", 1, "--in-flight", archive.in_flight)
    shares = ("--backend", "dashscope", "--shard-pages", archive.frames, "--shards-per-run", archive.shards_per_run)
    return ("backfill", mill.source, "--out", out or mill.out, "--ledger", ledger, "--base-url", mill.emulator.base_url,
            *pace, *shares, "--json")  # fmt: skip


@dataclass(frozen=True)
class Place:
    """An archive to read, and where the workers, the plan and the service are."""

    archive: Archive
    yard: Yard
    ledger: str
    mill: Mill
    far: str = ""

    @property
    def words(self) -> tuple[object, ...]:
        return words(self.mill, self.ledger, self.archive, self.far)

    def table(self, name: str) -> pd.DataFrame:
        """A table of the output, wherever it lies, with money as floats."""
        if not self.far:
            return self.mill.table(name)
        found = place_at(self.far).dataset(name, arrow_schema(ALL_TABLES[name])).to_table().to_pandas()
        return found.astype({"cost": "float64"} if "cost" in found else {})


def mill_of(archive: Archive, folder: Path, emulator: Emulator) -> Mill:
    archive.write(folder / "in")
    emulator.set_limits(rpm=archive.rpm)
    emulator.latency = 0.5
    return Mill(folder / "in", folder / "out", emulator)


@pytest.fixture
def mill(tmp_path, emulator):
    return mill_of(SMALL, tmp_path, emulator)


@pytest.fixture(params=["files", "postgresql", "store"])
def place(request, tmp_path, tmp_path_factory, emulator) -> Place:
    """All that several share in files, of a server and a ledger; or in PostgreSQL; or results in a store's bucket."""
    in_files = request.param != "postgresql"
    if request.param == "store":
        request.getfixturevalue("bucket")
    archive = SMALL if in_files else LARGE
    server = request.getfixturevalue("server" if in_files else "server_on_postgresql")
    yard = Yard(server, tmp_path_factory.mktemp("yard"))
    yard.prepare()
    ledger = str(tmp_path / "ledger.sqlite3") if in_files else request.getfixturevalue("cluster").new_schema()
    far = "s3://inbox/results" if request.param == "store" else ""
    return Place(archive, yard, ledger, mill_of(archive, tmp_path, emulator), far)


def most_within(calls: Sequence[Call], seconds: float) -> int:
    """The most sends of any stretch of so many seconds, refused ones too."""
    begun = sorted(call.started for call in calls)
    return max(bisect_left(begun, at + seconds) - number for number, at in enumerate(begun))


@pytest.mark.long
@pytest.mark.timeout(900)
def test_two_workers_share_a_backfill_and_one_is_killed_half_way(place, monkeypatch):
    archive, yard, mill, emulator = place.archive, place.yard, place.mill, place.mill.emulator
    with yard.worker("one") as first, yard.worker("two"), pagemill(*place.words, env=yard.environment) as process:
        until(lambda: len(emulator.calls) > archive.pages // 3, process)
        kill(first)
        with yard.worker("one again") as again:
            out, said = process.communicate()
            told = json.loads(out)
            until(lambda: yard.is_over(told["backfill_id"]), again)
    assert process.returncode == ExitCode.OK, said
    assert (told["status"], told["pages_done"], told["shares_open"]) == ("finished", archive.pages, 0)
    pages, calls = place.table("pages"), place.table("calls")
    assert len(pages) == len(pages[["name", "page_no"]].drop_duplicates()) == archive.pages
    assert set(pages["status"]) == {"ok"}
    assert len(place.table("files")) == archive.documents
    answered = calls[calls["outcome"] == "answered"]
    assert sorted(answered["request_key"]) == sorted(pages["request_key"])
    lost = int((calls["outcome"] == "lost").sum())
    assert sum(call.outcome == "answered" for call in emulator.calls) <= archive.pages + lost
    assert billed(pages) == billed(calls)
    sends = list(emulator.calls)
    told |= {
        "sends": len(sends),
        "refused": sum(call.status == 429 for call in sends),
        "lost": lost,
        "seconds": sends[-1].started - sends[0].started,
        "most sends within": {seconds: most_within(sends, seconds) for seconds in WINDOWS},
    }
    print(told)  # noqa: T201 - the figures, which -rP shows
    # Two that did not share the rate would have every second call refused.
    assert told["refused"] <= 0.2 * len(sends)
    for seconds in WINDOWS:
        assert told["most sends within"][seconds] <= (seconds + STALL) * archive.rpm / 60
    states = yard.states(told["backfill_id"])
    assert states.count(("CRASHED", "Crashed")) == 1, states
    assert states.count(("COMPLETED", "Completed")) >= archive.shares - 1, states
    assert {kind for kind, _ in states} == {"CRASHED", "COMPLETED"}, states
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    emulator.set_limits(rpm=None)
    emulator.latency = 0.0
    alone = Mill(mill.source, mill.out.parent / "alone", emulator)
    asyncio.run(alone.run())
    assert billed(answered) == billed(alone.table("calls"))
    assert answered["cost"].sum() == pytest.approx(alone.table("calls")["cost"].sum())


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_worker_without_a_key_is_told_of_and_not_sent_one_run_after_the_other(server, mill, tmp_path):
    said, code = followed(Yard(server, tmp_path, more={"DASHSCOPE_API_KEY": ""}), mill)
    assert code == ExitCode.CREDENTIALS, said
    assert "there is no API key; set DASHSCOPE_API_KEY" in said
    assert not mill.emulator.calls


@pytest.mark.long
@pytest.mark.timeout(600)
def test_a_worker_whose_runs_do_not_begin_is_told_of_and_not_tried_for_ever(server, mill, tmp_path):
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "sqlalchemy.py").write_text("raise ImportError('its library is of another machine')")
    said, code = followed(Yard(server, tmp_path, more={"PYTHONPATH": f"{broken}:{ROOT}"}), mill)
    assert code == ExitCode.INTERNAL, said
    error, advice = said.splitlines()[-2:]
    assert error.startswith("error: the runs of the deployment do not begin; the last one: "), said
    assert "exited with status code: 1" in error
    assert advice == "try: see its log in Prefect"


def followed(yard: Yard, mill: Mill) -> tuple[str, int]:
    """Begin a backfill of one share a document with one worker of the yard; gives what is said, and the exit code."""
    sound = Yard(yard.server, yard.home)
    sound.prepare()
    archive = replace(SMALL, shards_per_run=1)
    asks = pagemill(*words(mill, str(yard.home / "ledger.sqlite3"), archive), env=sound.environment)
    with yard.worker("ailing"), asks as process:
        _, said = process.communicate()
    assert "SCHEDULED" not in {kind for (kind,) in yard.server.rows("select state_type from flow_run")}
    return said, process.returncode


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/api"])
def test_a_server_that_does_not_answer_is_told_in_one_line_and_the_plan_is_kept(server, mill, tmp_path, url):
    environment = server.environment | {"DASHSCOPE_API_KEY": "sk-emulator", "PREFECT_API_URL": url}
    process = pagemill(*words(mill, str(tmp_path / "ledger.sqlite3"), SMALL), env=environment)
    said = process.communicate()[1]
    assert process.returncode == ExitCode.USAGE, said
    *_, error, advice = said.splitlines()
    assert error.startswith(f"error: the Prefect server at {url} cannot be asked: ")
    assert advice.startswith("try: start it with: prefect server start")


def test_a_database_that_does_not_answer_is_told_in_one_line(server, mill):
    nowhere = "postgresql://mill:sesame@127.0.0.1:9/ledger"
    process = pagemill(*words(mill, nowhere, SMALL), env=server.environment | {"DASHSCOPE_API_KEY": "sk-emulator"})
    said = process.communicate()[1]
    assert process.returncode == ExitCode.OUTPUT, said
    error, advice = said.splitlines()
    assert "cannot be used: no connection" in error
    assert advice.startswith("try: Check address, user and database of --ledger")
    assert "sesame" not in said
