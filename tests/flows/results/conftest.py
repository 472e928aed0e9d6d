"""One finished output for all who look into it: a real run over made documents, answered by the emulated service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from flows import results
from flows.cli import main
from tests.emulator import Emulator
from tests.flows.results.made import fill, read
from tests.mill import Mill

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Iterator[Mill]:
    """The mill after its run: `source` and `out` are not to be changed."""
    folder = tmp_path_factory.mktemp("finished")
    fill(folder / "in")
    with Emulator() as emulator:
        emulator.reader = read
        emulator.plan.next("429")
        mill = Mill(folder / "in", folder / "out", emulator)
        with pytest.MonkeyPatch.context() as patch:  # no longer: other tests of this process want none
            patch.setenv("DASHSCOPE_API_KEY", emulator.key)
            asyncio.run(mill.run())
        yield mill


@pytest.fixture
def opened(finished) -> Iterator[results.Results]:
    with results.open(finished.out) as read:
        yield read


@pytest.fixture
def pagemill(capsys):
    def call(*words):
        code = main([str(word) for word in words])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call
