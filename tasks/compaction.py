"""Merging the small parts of an output into few large files. Where rows went stays known under the parts' names."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from schemas.errors import NoInput, OutputFault
from schemas.records import TABLES
from tasks.books import is_there, ledger_place, run_name
from tasks.dataset import known_dataset, read_manifest, write_manifest
from tasks.filing import UNREAD
from tasks.holding import output_lease
from tasks.ledger import open_ledger
from tasks.places import Objects, place_at
from tasks.sinks.folders import LISTING, clear
from tasks.sinks.parquet import ParquetSink

LEAVE = frozenset({UNREAD})
"""Parts that every run writes anew: merging them would be undone by the next."""

ELSEWHERE = "write larger parts (--shard-pages 2000), or merge a copy of it on a disk; readers do with small parts"


@dataclass(frozen=True, slots=True)
class Merged:
    """What merging did to a table."""

    files_before: int
    files_after: int
    rows: int
    size_bytes: int


async def compact(out: str, ledger: str | None, *, target_bytes: int) -> Mapping[str, Merged]:
    """Merge the small parts of every table, table by table, and tell what became of each.

    No run works on the output meanwhile.

    Raises:
        NoInput: if there is no output of ours, or its ledger is elsewhere.
        OutputInUse: if a run is at work on it.
        OutputFault: if it cannot be done, which at an address it cannot; the table that failed is as it was.
    """
    place = place_at(out)
    if isinstance(place, Objects):
        msg = f"parts cannot be merged at {place}: no store swaps many objects for one, so rows would be seen twice"
        raise OutputFault(msg, advice=ELSEWHERE)
    dataset = known_dataset(place)
    where = ledger_place(out, ledger)
    if not is_there(where):
        msg = f"the ledger of {out} is not at {where}"
        raise NoInput(msg, advice="name it with --ledger, as the run did")
    async with (
        await asyncio.to_thread(open_ledger, where) as books,
        books.hold(output_lease(dataset.dataset_id), run_name(datetime.now(UTC)), f"compact {out}") as lease,
    ):
        sink, done = ParquetSink(Path(out)), {}
        for table in TABLES:
            lease.check()
            done[table] = await asyncio.to_thread(_merge, sink, table, target_bytes)
        await asyncio.to_thread(_list_anew, Path(out), sink)
        await asyncio.sleep(LISTING)
        await asyncio.to_thread(clear, Path(out))
        return done


def _merge(sink: ParquetSink, table: str, target_bytes: int) -> Merged:
    before = len(sink.parts(table))
    sink.merge(table, target_bytes=target_bytes, leave=LEAVE)
    sizes = [sink.size(table, part) for part in sink.parts(table)]
    return Merged(before, len(sizes), sum(size.rows for size in sizes), sum(size.size_bytes for size in sizes))


def _list_anew(out: Path, sink: ParquetSink) -> None:
    """Let the manifest name the files that there are now, under the run that it was of."""
    manifest = read_manifest(out)
    if manifest is not None:
        write_manifest(out, sink, manifest.run_id)
