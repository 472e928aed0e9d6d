"""The backend under test, closed in the end."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tasks.ports import Backend
from tests.backends.asking import Bench
from tests.emulator import Emulator


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench("openai")
    yield made
    await made.aclose()


@pytest.fixture
async def backend(emulator: Emulator, bench: Bench) -> Backend:
    return bench(emulator.compatible_url)
