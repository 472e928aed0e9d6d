"""What the hardening tests share: a whole mill between a folder and the emulated service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.mill import Mill

if TYPE_CHECKING:
    from pathlib import Path

    from tests.emulator import Emulator


@pytest.fixture
def mill(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Mill:
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    source = tmp_path / "in"
    source.mkdir()
    return Mill(source, tmp_path / "out", emulator)
