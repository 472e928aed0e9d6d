"""The window of open shards: it is pages that are counted."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from tasks.run import run
from tasks.window import Window
from tests.mill import Memory, Mill, card


@given(
    sizes=st.lists(st.integers(1, 200), min_size=1, max_size=60),
    steps=st.lists(st.tuples(st.integers(0, 59), st.integers(0, 200)), max_size=200),
    enough=st.integers(1, 300),
    factor=st.integers(1, 4),
)
def test_enough_pages_are_unread_unless_as_many_as_may_be_are_held(sizes, steps, enough, factor):
    window, waiting, opened = Window(enough=enough, most=factor * enough), list(sizes), []

    def fill():
        while waiting and window.has_room:
            size = waiting.pop()
            opened.append([window.enter(size), size, size])

    fill()
    for number, pages in steps:
        if not opened:
            break
        place, size, unread = opened[number % len(opened)]
        now = min(pages, unread)
        place.read(now)
        opened[number % len(opened)][2] -= now
        if pages % 3 == 0:  # also with pages unread, as where a run is stopped
            place.leave()
            opened.remove([place, size, unread - now])
        fill()
        assert window.unread == sum(left for _, _, left in opened)
        assert window.held == sum(held for _, held, _ in opened)
        assert not waiting or window.unread >= enough or window.held >= factor * enough
        assert window.held < factor * enough + 200


async def test_whoever_waits_for_room_goes_on_when_a_page_is_read_and_when_a_shard_ends():
    window = Window(enough=2, most=4)
    first, second = window.enter(1), window.enter(2)
    waiting = asyncio.create_task(window.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    second.read(2)
    await waiting
    third = window.enter(2)
    waiting = asyncio.create_task(window.room())
    await asyncio.sleep(0)
    assert not waiting.done()
    for place in (first, third):
        place.leave()
    await waiting


async def test_shards_that_do_not_end_keep_no_other_page_from_being_asked(tmp_path, emulator, monkeypatch):
    """Three shards were let in here once, and all else waited until the last page of one had come."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    mill, pages = Mill(tmp_path, tmp_path / "out", emulator), 40
    card(tmp_path / "long.tiff", "long", frames=pages)
    all_asked, memory = asyncio.Event(), Memory()

    async def held_back(_shard, work):
        report = await work()
        if len(memory.pages) == pages:
            all_asked.set()
        await all_asked.wait()
        return report

    config = mill.config(in_flight=8, shard_pages=10)
    record = await run(config, reporter=memory, stop=asyncio.Event(), run_shard=held_back)

    assert (record.status, record.pages_ok) == ("success", pages)
    assert len(mill.table("pages")) == pages
