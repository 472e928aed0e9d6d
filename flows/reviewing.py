"""The command of the reviewer: review."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.options import AsJson, Out, grouped
from flows.session import Session
from flows.wording import plural, visible
from schemas.errors import UsageFault
from tasks.aside import FOLDER

if TYPE_CHECKING:
    from flows.results import Results
    from flows.review.gathered import Gathered

REVIEW = "review.html"
_MB = 1_000_000
_SERVED_SIDE = 1_700
"""Pixels of the longer side of a picture that is served: a page fills a large screen and can be zoomed."""
_WORKERS = 2
"""Processes that draw for one reviewer: the page that is looked at, and the next."""


_CHOICE, _FILE, _SERVED, _MARKS = "Which pages", "As a file", "Served", "Marks"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which pages are looked at."""

    status: Annotated[
        str | None, typer.Option("--status", metavar="S,...", rich_help_panel=_CHOICE, help="Those of these statuses.")
    ] = None
    file: Annotated[
        str | None, typer.Option("--file", metavar="NAME", rich_help_panel=_CHOICE, help="Those of this file.")
    ] = None
    limit: Annotated[
        int, typer.Option("--limit", min=1, rich_help_panel=_CHOICE, help="So many at most: the most doubtful.")
    ] = 10_000
    password: Annotated[
        list[str] | None,
        typer.Option("--password", metavar="P", rich_help_panel=_CHOICE, help="Opens encrypted files; repeatable."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class AsFile:
    """What the one file holds, and where it goes."""

    to: Annotated[
        str | None, typer.Option("--to", metavar="FILE", rich_help_panel=_FILE, help="Default: OUT/review.html.")
    ] = None
    pictures: Annotated[
        int,
        typer.Option("--pictures", min=0, rich_help_panel=_FILE, help="Pictures at most: the most doubtful pages'."),
    ] = 200
    picture_mb: Annotated[
        float, typer.Option("--picture-mb", min=0, metavar="MB", rich_help_panel=_FILE, help="And so much at most.")
    ] = 40


@dataclass(frozen=True, kw_only=True)
class Serving:
    """How the page is served."""

    serve: Annotated[
        bool,
        typer.Option("--serve", rich_help_panel=_SERVED, help="Serve it on this machine, every picture on demand."),
    ] = False
    port: Annotated[int, typer.Option("--port", min=0, max=65_535, rich_help_panel=_SERVED, help="0: a free one.")] = 0


@dataclass(frozen=True, kw_only=True)
class Marking:
    """Who marks, and what was marked elsewhere."""

    marks: Annotated[
        Path | None,
        typer.Option("--import", metavar="FILE", rich_help_panel=_MARKS, help="Take in marks that the file saved."),
    ] = None
    reviewer: Annotated[
        str | None,
        typer.Option(
            "--reviewer", envvar="PAGEMILL_REVIEWER", metavar="NAME", rich_help_panel=_MARKS, help="Who marks."
        ),
    ] = None


@grouped
def review(
    ctx: typer.Context,
    out: Out,
    *,
    choice: Choice,
    as_file: AsFile,
    serving: Serving,
    marking: Marking,
    as_json: AsJson = False,
) -> None:
    """Look at pages beside what was read of them, and mark them: as one HTML file, or served with --serve."""
    from flows import results
    from flows.inspecting import page_statuses
    from flows.review.gathered import gather

    session: Session = ctx.obj
    with results.open(out, passwords=tuple(choice.password or ())) as read:
        if marking.marks is not None:
            _take_in(session, read, marking.marks, marking.reviewer, as_json=as_json)
            return
        gathered = gather(read, limit=choice.limit, statuses=page_statuses(choice.status), file=choice.file)
        if serving.serve:
            asyncio.run(_serve(session, gathered, serving.port, marking.reviewer))
        else:
            asyncio.run(_write(session, gathered, as_file, as_json=as_json))


def _take_in(session: Session, read: Results, path: Path, reviewer: str | None, *, as_json: bool) -> None:
    from flows.review.gathered import identified
    from flows.review.marks import parse_marks_file, reviews_of
    from tasks.dataset import known_dataset
    from tasks.reviews import add_reviews

    try:
        content = path.read_bytes()
    except OSError as error:
        msg = f"--import {path} cannot be read: {error.strerror}"
        raise UsageFault(msg, advice="name the file that the review page saved") from error
    given = parse_marks_file(content, known_dataset(read.place).dataset_id)
    reviews = reviews_of(given, identified(read), reviewer, datetime.now(UTC))
    if reviews:
        add_reviews(read.place, reviews, content)
    left = len(given.marks) - len(reviews)
    if as_json:
        session.emit(json.dumps({"marks": len(reviews), "left_out": left}))
        return
    gone = f"; {plural(left, 'mark')} of pages that are no longer there left out" if left else ""
    session.emit(f"{plural(len(reviews), 'mark')} taken in{gone}")


async def _write(session: Session, gathered: Gathered, wanted: AsFile, *, as_json: bool) -> None:
    from flows.review import standalone
    from flows.review.pictures import Pictures
    from tasks.dataset import known_dataset
    from tasks.places import Folder

    ours = gathered.read.place
    place, name = (Folder(Path(wanted.to).parent), Path(wanted.to).name) if wanted.to else (ours, REVIEW)
    with Pictures(standalone.MAX_SIDE, gathered.read.passwords, workers=_WORKERS) as drawing:
        held = await standalone.embedded(gathered, drawing, count=wanted.pictures, megabytes=wanted.picture_mb)
    dataset_id = known_dataset(ours).dataset_id
    size = await asyncio.to_thread(
        standalone.write, place, name, gathered, held, title=ours.name, dataset_id=dataset_id
    )
    if wanted.to and not (isinstance(ours, Folder) and Path(wanted.to).parent.resolve() == ours.path.resolve()):
        with suppress(OSError):
            (Path(wanted.to).parent / FOLDER).rmdir()
    if as_json:
        told = {"file": place.at(name), "pages": len(gathered.lines), "pictures": len(held.webp), "size_bytes": size}
        session.emit(json.dumps(told))
        return
    every = "" if gathered.of == len(gathered.lines) else f" of {gathered.of:,}, the most doubtful"
    drawn = plural(len(held.webp), "picture")
    session.emit(f"{plural(len(gathered.lines), 'page')}{every}; {drawn}; {size / _MB:.1f} MB")
    session.emit(f"open: {visible(place.at(name))}")


async def _serve(session: Session, gathered: Gathered, port: int, reviewer: str | None) -> None:
    from flows.review.pictures import Pictures
    from flows.review.server import Desk, ReviewServer
    from tasks.dataset import known_dataset
    from tasks.reviews import Sitting

    place = gathered.read.place
    sitting = Sitting(place, datetime.now(UTC))
    dataset_id = known_dataset(place).dataset_id
    with Pictures(_SERVED_SIDE, gathered.read.passwords, workers=_WORKERS) as drawing:
        desk = Desk(gathered, drawing, sitting, place.name, dataset_id, reviewer)
        try:
            async with ReviewServer(desk, port) as server:
                session.emit(f"review: {server.address}")
                session.data.file.flush()
                await _until_stopped()
        except OSError as error:
            msg = f"port {port} cannot be had: {error.strerror}"
            raise UsageFault(msg, advice="name another --port, or none for a free one") from error


async def _until_stopped() -> None:
    """Wait for Ctrl-C or SIGTERM: the end that was meant, and no fault."""
    stop = asyncio.Event()
    for wanted in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(wanted, stop.set)
    await stop.wait()
