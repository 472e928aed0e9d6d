"""Outputs for the notebooks to be run on."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.emulator import Emulator
from tests.mill import Mill
from tests.notebooks.made import SAMPLES, fill

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def emulated() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="session")
def prepared(tmp_path_factory, emulated) -> Path:
    """What a few days leave: several readings of some files, faults, data by a schema, marks."""
    with pytest.MonkeyPatch.context() as patch:  # no longer: other tests of this process want no key
        patch.setenv("DASHSCOPE_API_KEY", emulated.key)
        return asyncio.run(fill(tmp_path_factory.mktemp("prepared"), emulated))


@pytest.fixture(scope="session")
def read_for_free(tmp_path_factory, emulated) -> Path:
    """What `make demo` leaves: nothing was asked of a service, nobody marked a page."""
    folder = tmp_path_factory.mktemp("free")
    (folder / "in").mkdir()
    shutil.copy(SAMPLES / "letters" / "harbour-lantern.pdf", folder / "in")
    asyncio.run(Mill(folder / "in", folder / "out", emulated, {"backend": "local"}).run())
    return folder / "out"
