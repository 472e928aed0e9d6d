"""Prefect servers for all tests here, which share a process of the tests, and so start each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.ledger.cluster import cluster  # noqa: F401 - a fixture
from tests.prefect.serving import PrefectServer, prefect_server
from tests.remote.bucket import bucket  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[PrefectServer]:
    with prefect_server(tmp_path_factory.mktemp("prefect")) as running:
        yield running


@pytest.fixture(scope="session")
def server_on_postgresql(request, tmp_path_factory) -> Iterator[PrefectServer]:
    database = request.getfixturevalue("cluster").new_database()
    with prefect_server(tmp_path_factory.mktemp("prefect"), database) as running:
        yield running
