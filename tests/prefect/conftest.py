"""One Prefect server for all tests here; they share a worker, and so start it once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.cluster import cluster  # noqa: F401 - a fixture
from tests.prefect.serving import PrefectServer, prefect_server

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[PrefectServer]:
    with prefect_server(tmp_path_factory.mktemp("prefect")) as running:
        yield running
