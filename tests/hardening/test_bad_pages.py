"""One bad page in the midst of others that are shown together: it alone is marked, and gets well when it can."""

from __future__ import annotations

import asyncio
import gc
import io
import json
from typing import TYPE_CHECKING

import pymupdf
import pytest
from PIL import Image

from schemas.documents import PageImage, Span
from schemas.errors import RenderCrash, RenderFailed, UndrawnPages
from schemas.requests import RenderSpec
from tasks import assembly
from tasks.render import render_pages, render_span
from tasks.run import replay, retry
from tasks.workers import WorkerPool
from tests.hardening.nasties import one_page
from tests.mill import Memory, Mill, paper
from tests.papers import known, pdf
from tests.workers import jobs

if TYPE_CHECKING:
    from pathlib import Path

    from tasks.ports import Workers
    from tests.emulator import Emulator

pytestmark = pytest.mark.xdist_group("hardening")

PAGES = 5
BAD = 3
HANGS_FOR = 0.5


@pytest.fixture
def mill(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Mill:
    """Invoices, five pages shown at once; the answer says how many pages were."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    source = tmp_path / "in"
    source.mkdir()
    emulator.responder = lambda question: json.dumps({"lines": [{"quantity": len(question.pictures)}]})
    settings = {"operation": "structured", "extraction_schema": "invoice", "span_pages": PAGES}
    return Mill(source, tmp_path / "out", emulator, settings)


def with_bad(path: Path, bad: bytes, *, pages: int = PAGES, at: tuple[int, ...] = (BAD,)) -> Path:
    """A PDF of good pages with a bad one among them."""
    with pymupdf.open() as drawn, pymupdf.open("pdf", bad) as other:
        for number in range(1, pages + 1):
            if number in at:
                drawn.insert_pdf(other)
            else:
                drawn.new_page(width=144, height=72).insert_text((10, 40), f"page {number}", fontsize=12)
        drawn.save(path)
    return path


def shown(mill: Mill) -> list[tuple[int, str, str | None, int | None]]:
    """What stands in the rows: page, status, fault, and how many pages the model was shown."""
    rows = mill.table("pages").sort_values("page_no").to_dict("records")
    return [
        (
            row["page_no"],
            row["status"],
            row["error_kind"] if isinstance(row["error_kind"], str) else None,
            json.loads(row["result"])["lines"][0]["quantity"] if isinstance(row["result"], str) else None,
        )
        for row in rows
    ]


def around(kind: str) -> list[tuple[int, str, str | None, int | None]]:
    return [
        (1, "ok", None, 2),
        (2, "ok", None, None),
        (3, "failed", kind, None),
        (4, "ok", None, 2),
        (5, "ok", None, None),
    ]


class Saboteur:
    """Real workers, in which some pages meet another job than their own; of one that hangs nobody waits for the end."""

    def __init__(self, pool: Workers, bad: dict[int, tuple]) -> None:
        self.pool, self.bad = pool, bad

    async def run(self, job, *args, seconds=None):
        page_nos = next((given for given in args if isinstance(given, tuple)), ())
        for page_no in self.bad.keys() & set(page_nos if job is render_pages else ()):
            job, *args = self.bad[page_no]
            seconds = HANGS_FOR if job is jobs.say_hello_then_hang else seconds
        return await self.pool.run(job, *args, seconds=seconds)


@pytest.fixture
def bad(monkeypatch: pytest.MonkeyPatch) -> dict[int, tuple]:
    """What pages of a run meet in their worker, by number."""
    found: dict[int, tuple] = {}
    monkeypatch.setattr(
        assembly,
        "render_span",
        lambda span, spec, *, workers, seconds: render_span(
            span, spec, workers=Saboteur(workers, found), seconds=seconds
        ),
    )
    return found


@pytest.mark.parametrize(
    ("job", "kind"),
    [
        ((jobs.read_address_zero,), "render_crash"),
        ((jobs.eat_memory,), "render_crash"),
        ((jobs.say_hello_then_hang, "pid"), "render_timeout"),
        ((jobs.raise_timeout,), "unforeseen"),
    ],
    ids=["crashes", "eats memory", "hangs", "raises what nobody foresaw"],
)
async def test_of_pages_shown_at_once_only_the_one_that_cannot_be_drawn_is_marked(
    mill, bad, tmp_path, monkeypatch, job, kind
):
    monkeypatch.chdir(tmp_path)
    paper(mill.source / "a.pdf", *"12345")
    bad[BAD] = job

    record = await mill.run(render_memory_mb=512)

    assert shown(mill) == around(kind)
    assert (record.status, record.pages_ok, record.pages_failed, record.calls) == ("partial_success", 4, 1, 2)
    (file,) = mill.table("files").to_dict("records")
    assert (file["status"], file["error_kind"], file["calls"]) == ("partial_success", kind, 2)
    assert [line["quantity"] for line in json.loads(file["result"])["lines"]] == [2, 2]
    assert mill.table("pages")["input_tokens"].sum() == mill.emulator.totals().input_tokens
    assert set(mill.table("calls")["request_key"]) < set(mill.table("pages")["request_key"])


async def test_a_page_at_which_the_process_dies_is_named_with_every_other_that_fails(tmp_path):
    document = known(pdf(tmp_path / "a.pdf", *"abcde", width=144, height=72))
    with WorkerPool(2, memory_mb=400) as pool:
        workers = Saboteur(pool, {2: (jobs.read_address_zero,), 4: (jobs.raise_corrupt,)})
        with pytest.raises(UndrawnPages) as caught:
            await render_span(Span(document, (1, 2, 3, 4, 5)), RenderSpec(), workers=workers, seconds=60)
        with pytest.raises(RenderCrash, match="SIGSEGV"):  # of one page its own fault
            await render_span(Span(document, (2,)), RenderSpec(), workers=workers, seconds=60)

    kinds = {page_no: fault.kind for page_no, fault in caught.value.faults.items()}
    assert kinds == {2: "render_crash", 4: "corrupt"}
    assert "page 2: its process died, of SIGSEGV; page 4: page 3: the cross" in str(caught.value)


async def test_bad_pages_at_both_ends_and_nothing_but_bad_pages(mill):
    broken = one_page(b"", entries=b"/UserUnit 0")
    with_bad(mill.source / "ends.pdf", broken, at=(1, 5))
    with_bad(mill.source / "all.pdf", broken, pages=2, at=(1, 2))

    await mill.run()

    rows = mill.table("pages").sort_values(["name", "page_no"])
    assert rows["status"].to_list() == ["failed", "failed", "failed", "ok", "ok", "ok", "failed"]
    assert mill.emulator.totals().requests == 1
    assert set(rows["error_kind"].dropna()) == {RenderFailed.kind}


async def test_a_retry_asks_nothing_twice_while_the_page_stays_bad_and_all_at_once_when_it_is_well(mill, bad):
    paper(mill.source / "a.pdf", *"12345")
    bad[BAD] = (jobs.read_address_zero,)
    await mill.run()
    before = mill.comparable("pages")

    await retry(mill.config(), ["failed"], reporter=Memory(), stop=asyncio.Event())
    assert mill.emulator.totals().requests == 2
    assert shown(mill) == around("render_crash")

    await replay(mill.config(), reporter=Memory(), stop=asyncio.Event())
    assert mill.emulator.totals().requests == 2
    same = before.columns.difference(["generation", "request_key"])
    assert mill.comparable("pages")[same].equals(before[same])

    bad.clear()
    record = await retry(mill.config(), ["failed"], reporter=Memory(), stop=asyncio.Event())
    assert shown(mill) == [(1, "ok", None, 5), *((page_no, "ok", None, None) for page_no in range(2, 6))]
    assert (record.status, mill.emulator.totals().requests) == ("success", 3)


async def test_a_page_that_failed_alone_gets_well_by_a_retry_that_asks_nothing_else(mill, bad):
    paper(mill.source / "a.pdf", *"123")
    bad[2] = (jobs.read_address_zero,)
    await mill.run(span_pages=1)
    assert mill.table("files")["status"].to_list() == ["partial_success"]
    bad.clear()

    record = await retry(mill.config(span_pages=1), ["failed"], reporter=Memory(), stop=asyncio.Event())

    assert (record.status, mill.emulator.totals().requests) == ("success", 3)
    assert [row[:3] for row in shown(mill)] == [(page_no, "ok", None) for page_no in (1, 2, 3)]


async def test_a_retry_of_one_stretch_leaves_the_other_as_it_is(mill):
    with_bad(mill.source / "a.pdf", one_page(b"", entries=b"/UserUnit 0"))
    mill.emulator.plan.next("400-blocked", times=1)
    await mill.run(in_flight=1)
    statuses = mill.table("pages").sort_values("page_no")["status"].to_list()
    assert statuses == ["blocked", "blocked", "failed", "ok", "ok"]

    await retry(mill.config(), ["blocked"], reporter=Memory(), stop=asyncio.Event())

    assert shown(mill) == around("render_failed")
    assert mill.emulator.totals().requests == 3


async def test_answers_about_stretches_are_judged_anew_by_a_replay(mill):
    with_bad(mill.source / "a.pdf", one_page(b"", entries=b"/UserUnit 0"))
    await mill.run()
    first = set(mill.table("pages")["finished_at"])

    await replay(mill.config(), reporter=Memory(), stop=asyncio.Event())

    again = mill.table("pages").sort_values("page_no")
    assert [moment in first for moment in again["finished_at"]] == [False, False, True, False, False]
    assert shown(mill) == around("render_failed")


async def test_a_file_that_vanishes_fails_whole_and_its_copy_is_read(mill):
    paper(mill.source / "a.pdf", *(f"page {number}" for number in range(10)))
    (mill.source / "b.pdf").write_bytes((mill.source / "a.pdf").read_bytes())
    asked = []

    def answer(question) -> str:
        if not asked:
            (mill.source / "a.pdf").unlink()
        asked.append(len(question.pictures))
        return json.dumps({"lines": [{"quantity": len(question.pictures)}]})

    mill.emulator.responder = answer
    await mill.run(in_flight=1)

    rows = mill.table("pages").sort_values(["name", "page_no"])
    a, b = (rows[rows["name"] == name] for name in ("a.pdf", "b.pdf"))
    spans = [set(a["error_kind"].fillna("").iloc[pages]) for pages in (slice(5), slice(5, 10))]
    assert sorted(spans, key=str) == [{""}, {"missing"}]
    assert set(b["status"]) == {"ok"}
    assert asked == [5, 5]


def pictures():
    """Count the pictures that anybody in this process holds; what earlier tests left behind among them."""
    gc.collect()
    return sum(isinstance(one, PageImage) for one in gc.get_objects())


async def test_a_failed_page_lets_go_of_its_picture(mill):
    dice = Image.effect_noise((1_200, 1_200), 90)
    data = io.BytesIO()
    dice.save(data, "JPEG", quality=80)
    with pymupdf.open() as drawn:
        for _ in range(8):
            drawn.new_page(width=300, height=300).insert_image((0, 0, 300, 300), stream=data.getvalue())
        drawn.save(mill.source / "a.pdf")
    mill.emulator.plan.always("400-blocked")
    held, before = [], pictures()

    class Looking(Memory):
        def finished(self, run) -> None:
            held.append(pictures() - before)

    record = await mill.run(memory=Looking(), span_pages=1)

    assert record.pages_blocked == 8
    assert held[0] <= 1  # the last of them may still be on its way out
