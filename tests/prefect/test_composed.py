"""The services of the compose file do their work together: started as it says, interrupted as machines are."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from schemas.errors import ExitCode
from tests.emulator import Emulator
from tests.mill import billed, card
from tests.prefect.composed import GIVEN, Composed, composed
from tests.prefect.serving import ROOT
from tests.prefect.yard import until

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.long, pytest.mark.timeout(900), pytest.mark.xdist_group("composed")]
DOCUMENTS, FRAMES, RPM = 8, 10, 600
PAGES = DOCUMENTS * FRAMES
AWAY = 15.0
"""Seconds that the server and the database are away; both are waited for, for a minute."""


@dataclass
class Site:
    """The services at work, and the service that they ask."""

    composed: Composed
    emulator: Emulator

    def archive(self, name: str) -> None:
        """Lay documents into the folder that is mounted."""
        folder = self.composed.mill / name
        folder.mkdir()
        for number in range(DOCUMENTS):
            card(folder / f"{number:02}.tiff", f"{name} {number}", frames=FRAMES)
        self.emulator.plan.clear()
        self.emulator.latency = 0.5

    def backfill(self, name: str) -> subprocess.Popen[str]:
        """Type what the guide says, and at whose expense."""
        text = (ROOT / "docs" / "many-machines.md").read_text(encoding="utf-8")
        (line,) = re.findall(r"^docker compose .* run --rm worker (pagemill .*)$", text, re.MULTILINE)
        pace = ("--rpm", RPM, "--tpm", 10**9, "--workers", 1, "--in-flight", 20, "--backend", "dashscope")
        more = ("--base-url", self.emulator.base_url, "--shard-pages", FRAMES, "--shards-per-run", 2, *pace, "--json")
        words = [*shlex.split(line.replace("archive", name)), *map(str, more)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return self.composed.start("worker", *words, number=0, **pipes)

    def table(self, name: str, table: str) -> pd.DataFrame:
        return pd.read_parquet(self.composed.mill / f"{name}-results" / table)

    def reading(self) -> int | None:
        """The number of a worker with a run that reads; its log tells of those that began and ended."""
        for number in (1, 2):
            said = self.composed.said("worker", number)
            if len(re.findall(r": text by ", said)) > len(re.findall(r" pages read$", said, re.MULTILINE)):
                return number
        return None

    def said(self) -> str:
        return "\n".join(self.composed.said("worker", number) for number in (1, 2))

    def check_whole(self, name: str) -> None:
        """Every page once, every answer paid for once, but for those that nobody was there to take."""
        pages, calls = self.table(name, "pages"), self.table(name, "calls")
        assert len(pages) == len(pages[["name", "page_no"]].drop_duplicates()) == PAGES
        assert set(pages["status"]) == {"ok"}
        answered = calls[calls["outcome"] == "answered"]
        assert sorted(answered["request_key"]) == sorted(pages["request_key"])
        assert billed(pages) == billed(calls)


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[Site]:
    home = tmp_path_factory.mktemp("composed")
    with Emulator(keys={GIVEN["DASHSCOPE_API_KEY"]: "account"}) as emulator, composed(home / "stack") as described:
        emulator.set_limits(rpm=RPM)
        with described.up():
            yield Site(described, emulator)


def test_the_command_of_the_guide_reads_an_archive_over_both_workers(site):
    site.archive("archive")
    process = site.backfill("archive")
    out, said = process.communicate()
    assert process.returncode == ExitCode.OK, said + site.said()
    assert json.loads(out)["pages_done"] == PAGES
    site.check_whole("archive")
    for number in (1, 2):
        assert "Finished in state Completed" in site.composed.said("worker", number)
    assert GIVEN["POSTGRES_PASSWORD"] not in said + site.said()


def test_server_and_database_go_away_in_the_midst_and_nothing_is_lost(site):
    site.archive("outage")
    before = len(site.emulator.calls)
    process = site.backfill("outage")
    until(lambda: len(site.emulator.calls) - before > PAGES // 4, process)
    (server,) = site.composed.running["server"]
    site.composed.cluster.stop()
    server.kill()
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(AWAY)
    site.composed.cluster.start()
    site.composed.bring_up("server")  # `restart: unless-stopped`
    out, said = process.communicate()
    assert process.returncode == ExitCode.OK, said + site.said()
    assert json.loads(out)["pages_done"] == PAGES
    site.check_whole("outage")


def test_a_worker_that_is_stopped_lets_its_runs_finish_what_is_in_flight_and_the_other_goes_on(site):
    site.archive("stopped")
    before = len(site.emulator.calls)
    process = site.backfill("stopped")
    until(lambda: len(site.emulator.calls) - before > PAGES // 4 and site.reading(), process)
    stopped = site.composed.running["worker"][site.reading() - 1]
    stopped.send_signal(signal.SIGTERM)
    assert stopped.wait(120) == 0
    _, said = process.communicate()
    assert process.returncode == ExitCode.OK, said + site.said()
    site.check_whole("stopped")
    assert set(site.table("stopped", "calls")["outcome"]) <= {"answered", "throttled"}
    assert set(site.table("stopped", "runs")["status"]) == {"interrupted", "success"}
