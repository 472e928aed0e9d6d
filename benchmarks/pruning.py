"""How much of a merged table is read for a question about an operation, a day or a file.

python benchmarks/pruning.py                    # 60,000 pages: two operations, ten days
python benchmarks/pruning.py --pages 1000000
"""

from __future__ import annotations

import argparse
import hashlib
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.dataset as ds

from schemas.records import PageRecord
from tasks.sinks.parquet import ParquetSink

START = datetime(2026, 3, 1, 1, tzinfo=UTC)
WORDS = [hashlib.sha256(str(number).encode()).hexdigest()[: 3 + number % 7] for number in range(4_000)]
DAYS = 10
PART = 200
PAGES_OF_A_FILE = 10
TEXT = 2_500


def rows(operation: str, day: datetime, first: int, dice: random.Random) -> list[PageRecord]:
    """Make the rows of one part, of as many files as it holds."""
    return [
        PageRecord(
            run_id=f"{day:%Y%m%dT%H%M%S}",
            doc_id=hashlib.sha256(str(number // PAGES_OF_A_FILE).encode()).hexdigest(),
            source=f"/archive/{number // PAGES_OF_A_FILE:07}.pdf",
            name=f"{number // PAGES_OF_A_FILE:07}.pdf",
            page_no=number % PAGES_OF_A_FILE + 1,
            page_label=str(number % PAGES_OF_A_FILE + 1),
            status="ok",
            operation=operation,
            text=" ".join(dice.choices(WORDS, k=TEXT // 7)),
            backend="dashscope",
            model="qwen3-vl-plus",
            request_key=hashlib.sha256(f"{operation}{number}".encode()).hexdigest(),
            finished_at=day + timedelta(milliseconds=number - first),
        )
        for number in range(first, first + PART)
    ]


def questions() -> Iterator[tuple[str, ds.Expression]]:
    """What is asked of the table, in words and as a filter."""
    day, next_day = START + timedelta(days=3), START + timedelta(days=4)
    operation = ds.field("operation") == "translation"
    on_the_day = (ds.field("finished_at") >= day) & (ds.field("finished_at") < next_day)
    yield "everything", ds.scalar(value=True)
    yield "one operation", operation
    yield "one day", on_the_day
    yield "one operation on one day", operation & on_the_day
    yield "one file", ds.field("source") == "/archive/0000042.pdf"


def main() -> None:
    """Write, merge, ask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=60_000)
    pages = parser.parse_args().pages
    dice = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        sink, table = ParquetSink(Path(folder)), Path(folder) / "pages"
        for number in range(pages // PART):
            operation, day = ("text", "translation")[number % 2], START + timedelta(days=number // 2 % DAYS)
            part = hashlib.sha256(str(number).encode()).hexdigest()[:32]
            sink.write("pages", part, rows(operation, day, number // 2 * PART, dice))
        before = len(list(table.glob("*.parquet")))
        sink.merge("pages", target_bytes=256_000_000)
        sizes = sorted(path.stat().st_size for path in table.glob("*.parquet"))
        print(f"{before} parts -> {len(sizes)} files of {', '.join(f'{size / 1e6:.0f}' for size in sizes)} MB")
        for words, wanted in questions():
            read, of = _groups(table, wanted)
            begun = time.perf_counter()
            found = ds.dataset(table).to_table(columns=["text"], filter=wanted).num_rows
            print(f"{words:<26} {found:>9,} rows from {read:>4} of {of} groups, {time.perf_counter() - begun:.2f} s")


def _groups(table: Path, wanted: ds.Expression) -> tuple[int, int]:
    fragments = list(ds.dataset(table).get_fragments())
    read = sum(len(fragment.split_by_row_group(wanted)) for fragment in fragments)
    return read, sum(fragment.num_row_groups for fragment in fragments)


if __name__ == "__main__":
    main()
