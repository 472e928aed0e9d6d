"""What a run costs over an inbox of very many files in which hardly anything is new.

    python -m benchmarks.incremental [--files 200000] [--new 10] [--json figures.json]

Tiny files are made, and their rows and the ledger's memory of them are written as a run would have, by the same code:
reading them all for real would take hours and change nothing in what is measured, which is the runs after it, by the
command, from its start to its end. Peak memory is that of the command's own process.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import pymupdf

from schemas.config import RunConfig
from schemas.documents import Document, SourceFile
from schemas.records import PageRecord
from tasks.books import open_books
from tasks.discover import discover
from tasks.order import Order, resolve
from tasks.ports import KnownDocument, Placement
from tasks.sinks.parquet import ParquetSink
from tasks.summarize import file_record

IN_A_FOLDER = 1_000
IN_A_PART = 1_000
DAY = 86_400


@dataclass(frozen=True)
class Figure:
    """What a run took."""

    what: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    said: str


def fill(inbox: Path, count: int) -> None:
    """Make tiny files, a thousand in a folder, that were left alone for a day."""
    then = time.time() - DAY
    for number in range(count):
        path = inbox / f"{number // IN_A_FOLDER:04}" / f"{number:07}.pdf"
        if number % IN_A_FOLDER == 0:
            path.parent.mkdir(parents=True)
        path.write_bytes(b"%d" % number)
        os.utime(path, (then, then))


async def remember(config: RunConfig) -> None:
    """Write what a run that read everything would have left."""
    order, now = resolve(config), datetime.now(UTC)
    async with open_books(config) as (dataset, ledger):
        sink = ParquetSink(Path(config.out))
        files = (file for file in discover(config.sources) if isinstance(file, SourceFile))
        while some := list(islice(files, IN_A_PART)):
            documents = [_document(file) for file in some]
            part = hashlib.sha256(some[0].source.encode()).hexdigest()[:32]
            rows = [_page(document, order, now) for document in documents]
            sink.write("pages", part, rows)
            sink.write("files", part, [_file(*pair, order, now) for pair in zip(documents, rows, strict=True)])
            placements = [Placement(each.file.source, each.doc_id, (1,), part) for each in documents]
            await ledger.place(dataset.dataset_id, order.recipe.recipe_id, part, placements)
            await ledger.remember_files([(each.file, _known(each)) for each in documents])


def _document(file: SourceFile) -> Document:
    return Document(file, hashlib.sha256(file.source.encode()).hexdigest(), "application/pdf", 1)


def _known(document: Document) -> KnownDocument:
    return KnownDocument(document.doc_id, document.media_type, 1, (), encrypted=False, notes=())


def _page(document: Document, order: Order, now: datetime) -> PageRecord:
    return PageRecord(
        run_id="before",
        doc_id=document.doc_id,
        source=document.file.source,
        name=document.file.name,
        page_no=1,
        page_label="1",
        status="ok",
        operation=order.recipe.operation,
        text=document.file.name,
        backend=order.recipe.backend,
        model=order.recipe.model,
        request_key=document.doc_id,
        finished_at=now,
        cost=0.0,
        recipe_id=order.recipe.recipe_id,
    )


def _file(document: Document, row: PageRecord, order: Order, now: datetime) -> object:
    return file_record(document, [row], selected=1, duplicate_of=None, recipe=order.recipe, run_id="before", now=now)


def add_new(inbox: Path, count: int) -> None:
    """Put documents of one page into the inbox, left alone for a day."""
    for number in range(count):
        path = inbox / "new" / f"{number}.pdf"
        path.parent.mkdir(exist_ok=True)
        with pymupdf.open() as document:
            document.new_page(width=300, height=200).insert_text((10, 80), f"This is letter number {number} of ten.")
            document.save(path)
        then = time.time() - DAY
        os.utime(path, (then, then))


def measured(what: str, words: Sequence[str]) -> Figure:
    """Run the command once, as a process of its own, and measure that and its children."""
    code = (
        "import resource, sys, flows.cli; code = flows.cli.main(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"
    )
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run([sys.executable, "-c", code, *words], check=True, capture_output=True, text=True)  # noqa: S603 - our own command
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    *said, peak = done.stderr.strip().splitlines()
    return Figure(what, round(seconds, 1), round(cpu, 1), round(int(peak) / 1_024), said[-1])


def figures(files: int, new: int, home: Path) -> list[Figure]:
    """Measure a run over an inbox without anything new, and one with a little."""
    inbox, out = home / "inbox", home / "out"
    fill(inbox, files)
    config = RunConfig(sources=(str(inbox),), out=str(out), backend="local")
    asyncio.run(remember(config))
    words = ["run", str(inbox), "--out", str(out), "--backend", "local", "--workers", "1", "--settle", "60s", "--quiet"]
    nothing = measured("nothing new", words)
    add_new(inbox, new)
    return [nothing, measured(f"{new} new", words)]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--files", type=int, default=200_000)
    parser.add_argument("--new", type=int, default=10)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pagemill-incremental-") as home:
        found = figures(given.files, given.new, Path(home))
    for figure in found:
        print(
            f"{figure.what:<12} {figure.seconds:>7.1f} s wall {figure.cpu_seconds:>7.1f} s CPU "
            f"{figure.peak_mb:>6.0f} MB   {figure.said}"
        )
    if given.json is not None:
        given.json.write_text(json.dumps([asdict(figure) for figure in found], indent=2))


if __name__ == "__main__":
    main()
