"""Everything that a run works with, open, and the small steps that take several of its parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from schemas.documents import Document, RejectedDocument, SourceFile
from schemas.errors import UnsettledDocument
from schemas.records import PageRecord
from schemas.requests import request_key
from schemas.work import Shard
from tasks.dataset import DatasetInfo
from tasks.discover import discover, found_again, place_of
from tasks.filing import Filing
from tasks.filming import OneKind, film_again, gathered, identify_film
from tasks.holding import hold_tables
from tasks.identify import identify
from tasks.intake import intake
from tasks.ledger import Lease, Ledger
from tasks.order import Order
from tasks.page import Desk
from tasks.places import Folder, Objects
from tasks.plan import Placed, rewritten, spans
from tasks.ports import Placement, Reporter, Sink
from tasks.remote import Reach
from tasks.settle import settled, unsettled_by_change
from tasks.shard import Commitment, ShardReport
from tasks.tolerance import Tolerance
from tasks.window import Window


@dataclass
class Found:
    """How much there is, as far as discovery has come; `done` are pages that have their rows.

    `unsettled` are files that were left for the next run, and are not counted as files.
    """

    files: int = 0
    pages: int = 0
    done: int = 0
    unsettled: int = 0


@dataclass
class Shop:
    """Everything that a run works with, open."""

    order: Order
    run_id: str
    dataset: DatasetInfo
    place: Folder | Objects
    ledger: Ledger
    sink: Sink
    reach: Reach
    placed: Placed
    stale: Sequence[Placement]
    desk: Desk
    filing: Filing
    lease: Lease
    reporter: Reporter
    stop: asyncio.Event
    started_at: datetime
    tolerance: Tolerance
    _filing_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    found: Found = field(default_factory=Found)

    @property
    def to(self) -> Commitment:
        """Where shards commit their rows."""
        return Commitment(self.dataset.dataset_id, self.sink, self.ledger, self.order.models, self.file)

    def new_window(self) -> Window:
        """Make the window of the shards that are open: a round of calls and a shard's worth are always at hand."""
        in_flight, shard = self.order.limits.in_flight, self.order.config.shard_pages
        enough = 2 * in_flight + shard
        return Window(enough=enough, most=2 * enough)

    async def documents(self) -> AsyncGenerator[Document, None]:
        """Find and identify the documents of the sources; what cannot be read is filed and told of."""
        config, portion, settle = self.order.config, self.order.portion, self.order.config.settle_seconds
        self.filing.look_into(map(place_of, config.sources))
        elsewhere, films = self.reach.find, self.order.reads_films
        found_now = (
            gathered(discover(config.sources, exclude=self.order.own_folders, elsewhere=elsewhere), films=films)
            if portion is None
            else map(partial(film_again if films else found_again, elsewhere=elsewhere), portion.files)
        )
        files = settled(found_now, settle)
        ahead = 2 * self.order.render_workers
        async with aclosing(
            intake(files, knows=OneKind(self.ledger, films), identify=self.identify, ahead=ahead)
        ) as stream:
            async for found in stream:
                if self.stop.is_set():
                    return
                if isinstance(found, Document):
                    yield found
                else:
                    self._turn_away(unsettled_by_change(found, settle))

    def _turn_away(self, rejected: RejectedDocument) -> None:
        """Tell of a file that is not read, and file it unless it is still being written.

        What is half there has no row: nothing is known of it yet, and what is known of an earlier version stays true.
        """
        if isinstance(rejected.error, UnsettledDocument):
            self.found.unsettled += 1
        else:
            self.filing.reject(rejected)
        self.reporter.rejected(rejected)

    async def identify(self, file: SourceFile) -> Document | RejectedDocument:
        """Find out what a file is, in a worker process."""
        config = self.order.config
        if self.order.reads_films:
            return await identify_film(file, workers=self.reach.workers, seconds=config.render_timeout)
        passwords = [password.get_secret_value() for password in config.passwords]
        return await identify(file, passwords=passwords, workers=self.reach.workers, seconds=config.render_timeout)

    def expect(self, document: Document, selected: tuple[int, ...], *, todo: int, rewrite: bool) -> None:
        """Take note of a document that comes in."""
        # A file that was changed back is current again, and its row says so by its time.
        changed_back = self.placed.has_other_versions(document.file.source, document.doc_id)
        self.filing.expect(document, selected, complete=not (todo or rewrite or changed_back))
        self.reach.depot.expect(document.file, todo)
        self.found.files += 1
        self.found.pages += len(selected)
        self.found.done += 0 if rewrite else len(selected) - todo
        self.reporter.found(files=self.found.files, pages=self.found.pages, kept=self.found.done)

    async def file(self, report: ShardReport) -> None:
        """Note where rows went, and write the rows of the files that are complete by them."""
        self.lease.check()
        async with self.tables():
            for placement in report.placements:
                self.placed.add(placement)
            await asyncio.to_thread(self.filing.file, report)

    @asynccontextmanager
    async def tables(self) -> AsyncIterator[None]:
        """Keep others from changing tables that several parts, or several runs, write to."""
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(self._filing_lock)
            if self.order.portion is not None:
                await stack.enter_async_context(hold_tables(self.ledger, self.dataset.dataset_id, self.run_id))
            yield

    async def prior_rows(self, shard: Shard) -> dict[tuple[str, int], PageRecord]:
        """Read the rows that a part holds now."""
        rows = await asyncio.to_thread(self.sink.read, "pages", shard.shard_id)
        return {(row.source, row.page_no): row for row in rows if isinstance(row, PageRecord)}

    async def rewrite(self, shard_id: str, parts: Sequence[tuple[Placement, Document]]) -> Shard:
        """Make the shard that writes a part anew."""
        recipe = self.order.recipe
        base_keys = [
            request_key(recipe.recipe_id, document.doc_id, span)
            for placement, document in parts
            for span in spans(placement.page_nos, recipe.span_pages)
        ]
        generations = await self.ledger.generations(base_keys)
        return rewritten(shard_id, parts, recipe, self.placed, generations)
