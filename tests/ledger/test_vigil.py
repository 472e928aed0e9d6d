"""Who looks on knows after a while which machines have died, and is not misled by a ledger that was away."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from schemas.errors import OutputInUse
from tasks.ledger import Patience, Vigil
from tasks.ledger.owner import this_process
from tests.ledger.test_leases import ELSEWHERE, beat, leave


@dataclass
class Watch:
    """Somebody who looks every three seconds, by a clock that only looks move."""

    ledger: object
    seconds: float = 0.0
    vigil: Vigil = field(init=False)

    def __post_init__(self):
        self.vigil = Vigil(Patience(silence=24, monotonic=lambda: self.seconds))

    async def look(self, *, after=3.0):
        self.seconds += after
        return set(await self.vigil.look(self.ledger, "output"))

    async def look_on(self, seconds):
        for _ in range(int(seconds / 3)):
            seen = await self.look()
        return seen


@pytest.fixture
def watch(ledger):
    return Watch(ledger)


async def test_what_a_silent_machine_held_is_free_for_all(ledger, watch):
    await leave(ledger, ELSEWHERE, name="output/share-1")
    assert await watch.look_on(24) == {"output/share-1"}
    assert await watch.look() == set()
    async with ledger.hold("output/share-1", "run-1", ""):
        assert (await ledger.holder("output/share-1")).run_id == "run-1"


async def test_a_machine_that_beats_is_left_alone_however_long_one_looks(ledger, watch):
    await leave(ledger, ELSEWHERE, name="output/share-1")
    for _ in range(5):
        assert await watch.look_on(18) == {"output/share-1"}
        await beat(ledger)


async def test_only_the_silent_one_of_several_is_let_go(ledger, watch):
    await leave(ledger, ELSEWHERE, name="output/share-1", run_id="run-1")
    await watch.look_on(12)
    await leave(ledger, ELSEWHERE, name="output/share-2", run_id="run-2")
    assert await watch.look_on(15) == {"output/share-2"}


async def test_a_process_that_can_be_asked_after_needs_no_beats(ledger, watch):
    await leave(ledger, this_process(), name="output/share-1")
    assert await watch.look_on(60) == {"output/share-1"}


async def test_a_look_that_comes_late_proves_nothing(ledger, watch):
    await leave(ledger, ELSEWHERE, name="output/share-1")
    await watch.look_on(6)
    assert await watch.look(after=60) == {"output/share-1"}
    assert await watch.look_on(21) == {"output/share-1"}
    assert await watch.look_on(6) == set()


async def test_who_beats_between_the_look_and_the_taking_keeps_what_it_holds(ledger, watch):
    await leave(ledger, ELSEWHERE, name="output/share-1")
    await watch.look_on(24)
    holders = ledger.holders

    async def and_then_it_beats(name):
        found = await holders(name)
        await beat(ledger)
        return found

    ledger.holders = and_then_it_beats
    await watch.look()
    ledger.holders = holders
    assert set(await ledger.holders("output")) == {"output/share-1"}


async def test_a_ledger_that_was_away_is_no_silence_of_who_holds_a_lease(ledger):
    await leave(ledger, ELSEWHERE)
    seconds, write = [0.0], ledger.write

    async def slow(work):
        found = await write(work)
        seconds[0] += 60.0 if seconds[0] < 60 else 0.0
        return found

    async def look(wait):
        seconds[0] += wait
        if seconds[0] > 70:
            await beat(ledger)

    ledger.write = slow
    patience = Patience(silence=24, look=1, monotonic=lambda: seconds[0], sleep=look)
    with pytest.raises(OutputInUse, match="far-away"):
        async with ledger.hold("output", "run-1", "", patience=patience):
            pass
    ledger.write = write
