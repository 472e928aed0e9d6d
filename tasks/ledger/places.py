"""Where rows went, and which requests are to be asked anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial

from sqlalchemy import Connection, delete, insert, select, update

from tasks.ledger.lost import alive
from tasks.ledger.owner import Owner, this_process
from tasks.ledger.store import Store, insert_into, pieces
from tasks.ledger.tables import generations, placements
from tasks.ports import Placement

_NO_PAGES = ""
"""Stands where the pages of a part will stand once it is written; the run that began it stands for the source."""


class PlaceBook(Store):
    """Knows which part holds the rows of which pages, and in which generation a request is asked."""

    async def placements(self, dataset_id: str, recipe_id: str) -> Sequence[Placement]:
        """List where the rows of a dataset are, in the order in which they were written."""
        return await self.read(partial(_placements, dataset_id=dataset_id, recipe_id=recipe_id))

    async def begin(self, dataset_id: str, recipe_id: str, shard_id: str, run_id: str) -> None:
        """Say that this shard's part is about to be written: what a part holds counts once `place` says so."""
        begun = Placement(source=run_id, doc_id="", page_nos=(), shard_id=shard_id)
        await self.place(dataset_id, recipe_id, shard_id, [begun])

    async def begun(self, dataset_id: str) -> Sequence[tuple[str, str]]:
        """List the parts of a dataset that dead runs began and never finished, each as recipe and shard."""
        return await self.read(partial(_begun, dataset_id=dataset_id, here=this_process()))

    async def place(self, dataset_id: str, recipe_id: str, shard_id: str, placements: Sequence[Placement]) -> None:
        """Say that this shard's part holds these rows; replaces what was said of the shard before."""
        shard = {"dataset_id": dataset_id, "recipe_id": recipe_id, "shard_id": shard_id}
        await self.write(partial(_place, shard=shard, placed=tuple(placements)))

    async def mark_stale(self, dataset_id: str, recipe_id: str, shard_ids: Sequence[str]) -> None:
        """Say that the parts of these shards are to be written anew."""
        await self.write(partial(_mark_stale, dataset_id=dataset_id, recipe_id=recipe_id, shard_ids=shard_ids))

    async def generations(self, base_keys: Sequence[str]) -> Mapping[str, int]:
        """Say how often these requests were asked anew on purpose; those that never were are absent."""
        return await self.read(partial(_generations, base_keys=base_keys))

    async def bump(self, base_keys: Sequence[str]) -> Mapping[str, int]:
        """Let these requests be asked anew; gives their new generations."""
        return await self.write(partial(_bump, base_keys=tuple(dict.fromkeys(base_keys))))


def _placements(connection: Connection, dataset_id: str, recipe_id: str) -> list[Placement]:
    table = placements.c
    wanted = (
        select(table.source, table.doc_id, table.pages, table.shard_id, table.stale, table.carries)
        .where(table.dataset_id == dataset_id, table.recipe_id == recipe_id, table.pages != _NO_PAGES)
        .order_by(table.id)
    )
    return [
        Placement(source, doc_id, unfold(pages), shard_id, stale, carries)
        for source, doc_id, pages, shard_id, stale, carries in connection.execute(wanted)
    ]


def _begun(connection: Connection, dataset_id: str, here: Owner) -> list[tuple[str, str]]:
    table = placements.c
    wanted = select(table.recipe_id, table.shard_id).where(
        table.dataset_id == dataset_id, table.pages == _NO_PAGES, table.source.not_in(alive(connection, here))
    )
    return [(recipe_id, shard_id) for recipe_id, shard_id in connection.execute(wanted.order_by(table.id))]


def _place(connection: Connection, shard: Mapping[str, str], placed: Sequence[Placement]) -> None:
    connection.execute(delete(placements).where(*(placements.c[name] == value for name, value in shard.items())))
    rows = [
        {
            **shard,
            "source": it.source,
            "doc_id": it.doc_id,
            "pages": fold(it.page_nos),
            "stale": False,
            "carries": it.carries,
        }
        for it in placed
    ]
    if rows:
        connection.execute(insert(placements), rows)


def _mark_stale(connection: Connection, dataset_id: str, recipe_id: str, shard_ids: Sequence[str]) -> None:
    table = placements.c
    for some in pieces(shard_ids):
        these = (table.dataset_id == dataset_id, table.recipe_id == recipe_id, table.shard_id.in_(some))
        connection.execute(update(placements).where(*these).values(stale=True))


def _generations(connection: Connection, base_keys: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for some in pieces(base_keys):
        rows = connection.execute(select(generations).where(generations.c.base_key.in_(some)))
        found.update((key, generation) for key, generation in rows)
    return found


def _bump(connection: Connection, base_keys: Sequence[str]) -> dict[str, int]:
    once_more = insert_into(generations, connection).on_conflict_do_update(
        index_elements=["base_key"], set_={"generation": generations.c.generation + 1}
    )
    for some in pieces(base_keys):
        connection.execute(once_more, [{"base_key": key, "generation": 1} for key in some])
    return _generations(connection, base_keys)


def fold(page_nos: Sequence[int]) -> str:
    """Write page numbers as ranges, in their order: `1-10,12`."""
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in _stretches(page_nos))


@lru_cache(maxsize=4_096)
def unfold(pages: str) -> tuple[int, ...]:
    """Give page numbers back; equal ranges share one tuple, of which a large dataset has very many."""
    numbers: list[int] = []
    for stretch in filter(None, pages.split(",")):
        first, _, last = stretch.partition("-")
        numbers.extend(range(int(first), int(last or first) + 1))
    return tuple(numbers)


def _stretches(page_nos: Sequence[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for page_no in page_nos:
        if last is not None and page_no == last + 1:
            last = page_no
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = page_no
    if first is not None and last is not None:
        yield first, last
