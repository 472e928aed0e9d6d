"""Who reads for somebody else stops when that one does, however it ended."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.backfill import conducting, heeding
from tasks.ledger import open_ledger

ROOT = Path(__file__).parents[2]
CONDUCT = """
import asyncio, sys
from tasks.backfill import conducting
from tasks.ledger import open_ledger

async def conduct():
    async with open_ledger(sys.argv[1]) as ledger, conducting(ledger, "bf-1") as lease:
        print(lease.name, flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(conduct())
"""


@pytest.fixture
async def ledger(tmp_path):
    async with open_ledger(tmp_path / "ledger.sqlite3") as opened:
        yield opened


async def test_nothing_stops_while_there_is_a_conductor_and_nothing_begins_when_there_is_none(ledger):
    stops = asyncio.Event(), asyncio.Event()
    async with conducting(ledger, "bf-1") as lease, heeding(ledger, lease.name, stops[0]):
        assert not stops[0].is_set()
    async with heeding(ledger, lease.name, stops[1]):
        assert stops[1].is_set()


async def test_two_can_conduct_the_same_and_each_has_its_own_followers(ledger):
    stops = asyncio.Event(), asyncio.Event()
    async with conducting(ledger, "bf-1") as one:
        async with conducting(ledger, "bf-1") as other, heeding(ledger, one.name, stops[0]):
            follower = asyncio.create_task(follow(ledger, other.name, stops[1]))
            assert one.name != other.name
        await asyncio.wait_for(follower, 60)
        assert not stops[0].is_set()


async def follow(ledger, name, stop):
    async with heeding(ledger, name, stop):
        await stop.wait()


async def test_a_conductor_that_is_killed_is_missed(ledger, tmp_path):
    words = ("-c", CONDUCT, str(tmp_path / "ledger.sqlite3"))
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    process = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT, **pipes)
    name = (await process.stdout.readline()).decode().strip()
    follower = asyncio.create_task(follow(ledger, name, asyncio.Event()))
    process.kill()
    await process.wait()
    await asyncio.wait_for(follower, 60)
