"""Planning: every file is looked at once, and what is open of it goes into a share."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from schemas.addresses import scheme_of, secret_in
from schemas.backfill import Backfill, Chosen, Share
from schemas.config import RunConfig, without_password
from schemas.documents import Document, RejectedDocument, SourceFile
from schemas.errors import Interrupted, UnsettledDocument, UsageFault
from schemas.page_ranges import select_pages
from tasks.books import ledger_place, open_books
from tasks.dataset import DatasetInfo
from tasks.discover import Discovered, discover
from tasks.filming import OneKind, gathered, identify_film
from tasks.identify import identify
from tasks.intake import Found, intake
from tasks.ledger import Ledger
from tasks.order import Order, resolve
from tasks.plan import Placed
from tasks.ports import Reporter
from tasks.remote import Reach, open_reach
from tasks.settle import settled
from tasks.workers import WorkerPool

FILES_PER_SHARE = 20_000
"""Files of a share at most, however few pages they have."""


async def plan(
    config: RunConfig, chosen: Chosen, *, deadline: datetime | None, reporter: Reporter, stop: asyncio.Event
) -> Backfill:
    """Plan what is open of the sources; the limits of *config* then hold for the whole.

    A plan of the same settings that is not finished is gone on with instead.

    Raises:
        UsageFault: if the settings name what does not exist, or hold a secret that nobody else could know.
        OutputInUse: if another backfill into the same output is not finished.
        Interrupted: if *stop* was set; the same again goes on.
    """
    # Which backend `auto` is depends on who has a key; whoever takes a share is to ask the same.
    config = rooted(config).model_copy(update={"backend": resolve(config).recipe.backend})
    async with open_books(config) as (dataset, ledger):
        backfill = _new(config, chosen, dataset, deadline)
        for other in await ledger.backfills(dataset.dataset_id):
            if (other.config, other.chosen) == (backfill.config, backfill.chosen):
                backfill = other
                break
        else:
            await ledger.open_backfill(backfill)
        return await plan_on(backfill, ledger, config, reporter=reporter, stop=stop)


async def plan_on(
    backfill: Backfill, ledger: Ledger, config: RunConfig, *, reporter: Reporter, stop: asyncio.Event
) -> Backfill:
    """Finish a plan; one that was not is begun anew, which is cheap: files that were looked at are remembered.

    *config* are its settings, with the secrets that the plan does not keep.
    """
    if backfill.planned:
        return backfill
    order = resolve(config)
    await ledger.clear_shares(backfill.backfill_id)
    reporter.note(f"backfill {backfill.backfill_id}: planning")
    async with AsyncExitStack() as stack:
        pool = stack.enter_context(WorkerPool(order.render_workers, order.config.render_memory_mb))
        reach = await stack.enter_async_context(open_reach(order.config, pool))
        placements = await ledger.placements(backfill.dataset_id, order.recipe.recipe_id)
        placed = Placed(placements, span_pages=order.recipe.span_pages)
        planner = _Planner(backfill, order, ledger, placed, reporter)
        async with aclosing(_found(planner.chosen, order, ledger, reach)) as stream:
            async for one in stream:
                if stop.is_set():
                    msg = "planning was interrupted"
                    again = f"pagemill backfill --resume {backfill.backfill_id}"
                    raise Interrupted(msg, advice=f"go on with: {again} --out {order.config.out}")
                if not await planner.add(one):
                    break
        await planner.flush()
    await ledger.change_backfill(backfill.backfill_id, planned=True)
    return replace(backfill, planned=True)


def rooted(config: RunConfig) -> RunConfig:
    """Name places so that they are the same for every process that sees the same disks.

    Raises:
        UsageFault: if the address of the service holds a password: a plan keeps no secrets.
    """
    if config.base_url != without_password(config.base_url):
        msg = "--base-url: an address with a password cannot be planned with; a plan keeps no secrets"
        raise UsageFault(msg, advice="give the address without it")
    out = config.out if scheme_of(config.out) is not None else str(Path(config.out).absolute())
    place = ledger_place(out, config.ledger)
    ledger = place if "://" in place else str(Path(place).absolute())
    sources = tuple(_rooted(source) for source in config.sources)
    return config.model_copy(update={"out": out, "ledger": ledger, "sources": sources})


def _rooted(source: str) -> str:
    if "://" in source or source == "-":
        return source
    return f"@{Path(source[1:]).absolute()}" if source.startswith("@") else str(Path(source).absolute())


def _new(config: RunConfig, chosen: Chosen, dataset: DatasetInfo, deadline: datetime | None) -> Backfill:
    now = datetime.now(UTC)
    limits = {name: getattr(config, name) for name in ("max_cost", "max_tokens", "max_pages")}
    return Backfill(
        backfill_id=f"bf-{now:%Y%m%d}-{secrets.token_hex(3)}",
        dataset_id=dataset.dataset_id,
        created_at=now,
        config=config.model_copy(update=dict.fromkeys(limits)).public(),
        chosen=chosen.model_dump_json(),
        deadline=deadline,
        **limits,
    )


async def _found(chosen: Chosen, order: Order, ledger: Ledger, reach: Reach) -> AsyncGenerator[Found, None]:
    config = order.config
    passwords = [password.get_secret_value() for password in config.passwords]
    look = partial(identify, passwords=passwords, workers=reach.workers, seconds=config.render_timeout)
    if order.reads_films:
        look = partial(identify_film, workers=reach.workers, seconds=config.render_timeout)
    everything = discover(config.sources, exclude=order.own_folders, elsewhere=reach.find)
    discovered = gathered(everything, films=order.reads_films)
    files = settled(_meant(discovered, chosen), config.settle_seconds)
    knows = OneKind(ledger, order.reads_films)
    async with aclosing(intake(files, knows=knows, identify=look, ahead=2 * order.render_workers)) as stream:
        async for one in stream:
            yield one


def _meant(files: Iterator[Discovered], chosen: Chosen) -> Iterator[Discovered]:
    for one in files:
        file = one.file if isinstance(one, RejectedDocument) else one
        if file.url is not None and secret_in(file.url):
            msg = f"{file.source}: a signed address cannot be planned with; a plan keeps no secrets"
            raise UsageFault(msg, advice="read it with: pagemill run")
        if chosen.takes(file.name, file.modified_at):
            yield one


@dataclass
class _Planner:
    """Puts documents into shares: files of the same bytes into the same one, so that they are asked for once."""

    backfill: Backfill
    order: Order
    ledger: Ledger
    placed: Placed
    reporter: Reporter
    _number: int = 1
    _pages: int = 0
    _files: list[SourceFile] = field(default_factory=list)
    _homes: dict[bytes, int] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=lambda: {"files": 0, "pages": 0, "kept": 0})

    def __post_init__(self) -> None:
        self.chosen = Chosen.model_validate_json(self.backfill.chosen)

    async def add(self, one: Found) -> bool:
        """Put a file into a share; give whether more are wanted."""
        if isinstance(one, RejectedDocument):
            if isinstance(one.error, UnsettledDocument):
                self.reporter.rejected(one)  # it is for the next backfill, which finds it whole
            else:
                self._files.append(one.file)  # the run that takes the share says why it cannot be read
            return True
        selected = select_pages(one.page_count, self.order.config.page_ranges)
        left = len(selected) - len(self.placed.pages(one.file.source, one.doc_id).intersection(selected))
        self._tell(len(selected), left)
        if not left and selected and not self.placed.has_other_versions(one.file.source, one.doc_id):
            return True
        await self._place(one, left)
        return self.chosen.limit is None or self._counts["files"] < self.chosen.limit

    async def _place(self, document: Document, pages: int) -> None:
        home = self._homes.setdefault(bytes.fromhex(document.doc_id)[:16], self._number)
        self._counts["files"] += 1
        if home != self._number:
            await self.ledger.add_share(self._share(home, 1, pages), [document.file])
            return
        self._files.append(document.file)
        self._pages += pages
        if self._pages >= self.chosen.share_pages or len(self._files) >= FILES_PER_SHARE:
            await self.flush()

    async def flush(self) -> None:
        """Note the share that is being filled, and begin the next."""
        if self._files:
            await self.ledger.add_share(self._share(self._number, len(self._files), self._pages), self._files)
        self._number, self._files, self._pages = self._number + 1, [], 0

    def _share(self, number: int, files: int, pages: int) -> Share:
        return Share(backfill_id=self.backfill.backfill_id, number=number, files=files, pages=pages)

    def _tell(self, selected: int, left: int) -> None:
        counts = self._counts
        counts["seen"] = counts.get("seen", 0) + 1
        counts["pages"] += selected
        counts["kept"] += selected - left
        self.reporter.found(files=counts["seen"], pages=counts["pages"], kept=counts["kept"])
