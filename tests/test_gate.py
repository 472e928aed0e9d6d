"""Back-pressure in bytes."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.gate import ByteGate
from tests.simulation import SimulatedClock, simulate


@settings(max_examples=60, deadline=None)
@given(
    items=st.lists(st.tuples(st.integers(0, 150), st.floats(0.1, 3), st.floats(0, 6)), max_size=30),
    limit=st.integers(1, 100),
)
def test_no_more_is_inside_than_the_limit_or_one_large_item(items, limit):
    async def story():
        clock, gate, inside, order = SimulatedClock(), ByteGate(limit), [], []

        async def pass_through(number, size, stay):
            async with gate.hold(size):
                order.append(number)
                inside.append(size)
                try:
                    assert sum(inside) <= limit or len([held for held in inside if held]) == 1
                    await clock.sleep(stay)
                finally:
                    inside.remove(size)

        async def impatient(number, size, stay, patience):
            task = asyncio.create_task(pass_through(number, size, stay))
            await asyncio.wait([task], timeout=patience)
            task.cancel()
            results = await asyncio.gather(task, return_exceptions=True)
            assert not isinstance(results[0], AssertionError)

        await asyncio.gather(*(impatient(number, *item) for number, item in enumerate(items)))
        return order, gate.held

    order, held = simulate(story())

    assert order == sorted(order)
    assert held == 0


def test_a_small_item_does_not_overtake_a_large_one():
    async def story():
        clock, gate, order = SimulatedClock(), ByteGate(10), []

        async def pass_through(name, size):
            async with gate.hold(size):
                order.append(name)
                await clock.sleep(1)

        await asyncio.gather(pass_through("first", 8), pass_through("large", 50), pass_through("small", 1))
        return order

    assert simulate(story()) == ["first", "large", "small"]


def test_a_gate_without_room_is_refused():
    with pytest.raises(ValueError, match="lets nothing through"):
        ByteGate(0)
