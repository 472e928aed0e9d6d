"""What the tests of the command share: an environment that says nothing, and the command itself."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(autouse=True)
def _quiet_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith(("PREFECT_", "PAGEMILL_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "100")
