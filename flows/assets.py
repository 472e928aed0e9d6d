"""The results as an asset of Prefect, with what they were made of upstream of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from prefect.assets import Asset, AssetProperties, add_asset_metadata, materialize
from prefect.cache_policies import NO_CACHE

from flows.artifacts import Log, bounded
from schemas.config import without_password
from schemas.records import READ, RunRecord

UPSTREAM = 20
"""Sources that are named; a list of a thousand files is none to look at."""
LONGEST = 512
"""Letters of a key that Prefect takes."""
_REFUSED = frozenset(" #?&%\"'<>[]{}|\\^`")
"""What Prefect refuses in a key."""


def key_of(place: str) -> str:
    """Name a place as Prefect names assets.

    >>> key_of("/mill/in box")
    'file:///mill/in_box'
    """
    address = without_password(place) or place
    if "://" not in address:
        address = f"file://{Path(address.removeprefix('@')).absolute()}"
    return "".join("_" if letter in _REFUSED else letter for letter in address)[:LONGEST]


async def leave_asset(record: RunRecord, out: str, sources: Sequence[str], log: Log) -> None:
    """Say that a run has brought the results up to date, and from what."""
    properties = AssetProperties(name=Path(out).name, description="tables of pages, files, calls and runs")
    asset = Asset(key=key_of(out), properties=properties)
    upstream: list[str | Asset] = [key_of(source) for source in sources[:UPSTREAM] if source != "-"]

    @materialize(
        asset, by="pagemill", asset_deps=upstream, name="record-results", cache_policy=NO_CACHE, persist_result=False
    )
    async def record_results(run_id: str) -> None:
        figures = {"run_id": run_id, "files": record.files, "pages": record.pages}
        read = sum(getattr(record, f"pages_{status}") for status in READ)
        add_asset_metadata(asset, figures | {"pages_read": read, "cost_known": record.cost_known})

    await bounded(record_results(record.run_id), log)
