"""Rates are shown and changed from outside, and a run that goes on follows."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys

import pytest

from tests.mill import Mill, card

pytestmark = pytest.mark.xdist_group("run")


def limits(mill: Mill, *options: str) -> dict[str, object]:
    command = [sys.executable, "-m", "flows.cli", "limits", "--out", str(mill.out), "--backend", "dashscope", "--json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def mill(tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    made = Mill(tmp_path / "in", tmp_path / "out", emulator)
    made.source.mkdir()
    card(made.source / "a.png", "alpha")
    return made


async def test_limits_are_shown_changed_and_given_back(mill):
    await mill.run()

    assert limits(mill)["changed"] is False
    assert limits(mill, "--rpm", "30") == {
        "account": "dashscope/qwen3-vl-plus",
        "requests_per_minute": 30,
        "tokens_per_minute": 1_000_000,
        "changed": True,
    }
    given_back = limits(mill, "--reset")
    assert (given_back["changed"], given_back["requests_per_minute"]) == (False, 1200)


async def test_what_is_set_holds_for_both_protocols_of_the_service(mill, monkeypatch):
    compatible = ("--backend", "openai", "--model", "qwen3-vl-plus")
    monkeypatch.setenv("OPENAI_BASE_URL", mill.emulator.compatible_url)
    await mill.run()
    limits(mill, "--rpm", "30")

    assert limits(mill, *compatible)["requests_per_minute"] == 30
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:8000/v1")
    assert limits(mill, *compatible)["account"] == "openai/qwen3-vl-plus"


async def test_a_run_that_goes_on_follows_when_its_limits_are_raised(mill):
    await mill.run()
    limits(mill, "--rpm", "1")
    for number in range(6):
        card(mill.source / f"b{number}.png", f"beta {number}")

    async with asyncio.timeout(120):  # six minutes at one a minute
        running = asyncio.ensure_future(mill.run())
        while len(mill.emulator.calls) < 2:  # noqa: ASYNC110 - the emulator runs in another thread
            await asyncio.sleep(0.02)
        await asyncio.to_thread(limits, mill, "--rpm", "60000")
        record = await running

    assert record.pages_ok == 7
