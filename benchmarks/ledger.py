"""How fast the ledger keeps answers, and how fast a run is planned over what it keeps.

python benchmarks/ledger.py                    # kept answers a second: SQLite in a temporary folder
python benchmarks/ledger.py --pages 1000000    # and planning over so many kept pages
python benchmarks/ledger.py --ledger postgresql://...
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import random
import resource
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from schemas.documents import PageFacts
from schemas.records import CallRecord
from schemas.requests import ModelResponse, request_key
from schemas.usage import Usage
from schemas.wire import WireSend
from tasks.ledger import Ledger, open_ledger
from tasks.ledger.places import fold
from tasks.ports import KeptAnswer, Placement

START = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = [hashlib.sha256(str(number).encode()).hexdigest()[: 3 + number % 7] for number in range(4_000)]
RECIPE = hashlib.sha256(b"recipe").hexdigest()
PAGES_OF_A_FILE = 10


def text_of(size: int, seed: int) -> str:
    """Make text that compresses about as badly as a page's does."""
    draw = random.Random(seed)
    return " ".join(draw.choices(WORDS, k=size // 7))[:size]


def answer_of(key: str, seed: int, size: int = 3_000) -> KeptAnswer:
    """Make an answer as a service gives it: its text again in what it sent."""
    text = text_of(size, seed)
    usage = Usage(input_tokens=1_300, output_tokens=900, image_tokens=1_250, text_tokens=50)
    raw = {"output": {"choices": [{"message": {"content": [{"text": text}]}, "finish_reason": "stop"}]}}
    response = ModelResponse(
        text=text, stop_reason="stop", usage=usage, model="a-model", request_id=f"request-{seed}", status=200, raw=raw
    )
    sends = (WireSend(START, START + timedelta(seconds=1), START + timedelta(seconds=3), 200),)
    facts = PageFacts(width=595, height=842, ink=0.07, layer_text=text[:500])
    return KeptAnswer(key, replace(response, sends=sends), (facts,), ((1_024, 1_440),))


def call_of(key: str, number: int) -> CallRecord:
    """Make the send that brought it."""
    return CallRecord(
        call_id=f"call-{number}",
        run_id="run",
        request_key=key,
        base_key=key,
        doc_id=key,
        pages="1",
        operation="text",
        attempt=1,
        lane="realtime",
        backend="dashscope",
        model="a-model",
        outcome="open",
        started_at=START,
        usage_raw='{"input_tokens": 1300, "output_tokens": 900, "image_tokens": 1250}',
    )


async def keep(ledger: Ledger, answers: Sequence[KeptAnswer], keepers: int) -> None:
    """Send and keep as a run does: journal, then close with the answer, *keepers* at once."""
    work = iter(enumerate(answers))

    async def keeper() -> None:
        for number, answer in work:
            call = call_of(answer.request_key, number)
            await ledger.open_call(call)
            done = replace(call, outcome="answered", http_status=200, ended_at=START, output_tokens=900)
            await ledger.close_calls([done], answer)

    await asyncio.gather(*(keeper() for _ in range(keepers)))


async def measure_keeping(where: str, count: int, keepers: int) -> None:
    """Print kept answers a second, by the clock and by the CPU of this process."""
    name = f"{keepers}-{time.time_ns()}"
    answers = [answer_of(hashlib.sha256(f"{name}-{n}".encode()).hexdigest(), n) for n in range(count)]
    async with open_ledger(where) as ledger:
        began, cpu = time.perf_counter(), time.process_time()
        await keep(ledger, answers, keepers)
        took, worked = time.perf_counter() - began, time.process_time() - cpu
    print(
        f"{keepers:4} keepers: {count / took:7,.0f} kept answers/s "
        f"({took:.2f} s, {worked / count * 1e6:.0f} µs of CPU each, so {count / worked:,.0f}/s on one core)"
    )


def keys_of(pages: int) -> list[str]:
    """Name the requests of *pages* pages, ten a file."""
    return [request_key(RECIPE, document_of(page), (page % PAGES_OF_A_FILE + 1,)) for page in range(pages)]


def document_of(page: int) -> str:
    """Name the document of a page."""
    return hashlib.sha256(b"%d" % (page // PAGES_OF_A_FILE)).hexdigest()


def placements_of(pages: int) -> list[Placement]:
    """Place files of ten pages, twenty files a shard."""
    numbers = tuple(range(1, PAGES_OF_A_FILE + 1))
    return [
        Placement(
            f"/documents/{page // 20_000:05}/{page:09}.pdf", document_of(page), numbers, f"shard-{page // 200:09}"
        )
        for page in range(0, pages, PAGES_OF_A_FILE)
    ]


async def fill(ledger: Ledger, pages: int) -> None:
    """Keep an answer for every page, and place its row."""
    small = answer_of("", 0, size=600)

    async def kept(keys: Sequence[str]) -> None:
        await asyncio.gather(*(ledger.close_calls([], replace(small, request_key=key)) for key in keys))

    keys = keys_of(pages)
    for start in range(0, pages, 1_000):
        await kept(keys[start : start + 1_000])
    placements = placements_of(pages)
    for start in range(0, len(placements), 20):
        some = placements[start : start + 20]
        await ledger.place("dataset", RECIPE, some[0].shard_id, some)


async def measure_planning(where: str, pages: int) -> None:
    """Print what a run must do before its first call, where everything is kept already."""
    async with open_ledger(where) as ledger:
        began = time.perf_counter()
        await fill(ledger, pages)
        print(f"kept and placed {pages:,} pages in {time.perf_counter() - began:.0f} s")
    del ledger
    async with open_ledger(where) as ledger:
        began = time.perf_counter()
        placed = await ledger.placements("dataset", RECIPE)
        print(f"read {len(placed):,} placements in {time.perf_counter() - began:.2f} s: {fold(placed[0].page_nos)} ...")
        began = time.perf_counter()
        keys = keys_of(pages)
        named = time.perf_counter()
        found = await ledger.kept_keys(keys)
        print(f"named {pages:,} requests in {named - began:.2f} s", end=", ")
        print(f"looked up which are kept in {time.perf_counter() - named:.2f} s: {len(found):,}")
        assert len(found) == pages
        began = time.perf_counter()
        await ledger.generations(keys)
        print(f"looked up generations in {time.perf_counter() - began:.2f} s")


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--ledger", help="where; a temporary SQLite file if not given")
    options.add_argument("--answers", type=int, default=20_000, help="answers to keep for each number of keepers")
    options.add_argument("--pages", type=int, default=0, help="kept pages to plan over")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="pagemill-ledger-") as folder:
        where = chosen.ledger or str(Path(folder) / "ledger.sqlite3")
        for keepers in (64, 200):
            asyncio.run(measure_keeping(where, chosen.answers, keepers))
        if chosen.pages:
            where = chosen.ledger or str(Path(folder) / "planning.sqlite3")
            asyncio.run(measure_planning(where, chosen.pages))
        if not chosen.ledger:
            print(f"{sum(file.stat().st_size for file in Path(folder).iterdir()) / 1e6:,.0f} MB on disk")
    print(f"most memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")


if __name__ == "__main__":
    main()
