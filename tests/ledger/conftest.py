"""A ledger to test on: in an SQLite file, and in a PostgreSQL server of our own."""

from __future__ import annotations

import pytest

from tasks.ledger import open_ledger
from tests.ledger.cluster import cluster  # noqa: F401 - a fixture

ON_POSTGRESQL = pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql"))


@pytest.fixture(params=["sqlite", ON_POSTGRESQL])
def where(request, tmp_path) -> str:
    """The place of a ledger that is not there yet."""
    if request.param == "postgresql":
        return request.getfixturevalue("cluster").new_schema()
    return str(tmp_path / "ledger.sqlite3")


@pytest.fixture
async def ledger(where):
    async with open_ledger(where) as opened:
        yield opened
