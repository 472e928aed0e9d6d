"""Bombs, loops, lies and stumps, and the broken files of real life, each through the whole run: to an honest row."""

from __future__ import annotations

import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tasks.drawing import opened
from tests.hardening import nasties
from tests.mill import Mill, told
from tests.papers import corpus, known

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.xdist_group("hardening-files")

MADE = """
    actions.pdf             success           ok
    bomb.cbz                partial_success   failed:too_large blank
    bomb.png                failure:too_large
    bomb.tiff               failure:too_large
    claimed-pages.pdf       failure:corrupt
    doubling-pages.pdf      failure:corrupt
    elsewhere.pdf           success           blank
    entities.svg            success           ok
    form-in-itself.pdf      success           ok
    giant-page.pdf          success           ok
    huge-picture.pdf        failure           failed:too_large
    messages.pdf            success           ok
    multiplying-forms.pdf   failure           failed:render_timeout
    no-pages.pdf            failure:empty
    nothing.pdf             failure:empty
    page-tree-loop.pdf      failure           failed:render_failed failed:render_failed
    paper.jpg               success           ok
    picture.pdf             success           ok
    portfolio.pdf           success           ok
    stump-1.pdf             failure:corrupt
    stump-25.pdf            failure:corrupt
    stump-50.pdf            partial_success   ok failed:render_failed
    stump-75.pdf            success           ok ok
    stump-95.pdf            success           ok ok
    whole.pdf               success           ok ok
    words.pdf               skipped:unsupported
    xfa.pdf                 success           ok
"""
"""What becomes of each file: its status, and the reason where no page of it could be tried; then of each page."""

REAL = {
    "encryption_openpassword.pdf": "failure:encrypted",
    "invalid.pdf": "failure:corrupt",
    "linn.txt": "skipped:unsupported",
    "hugemono.pdf": "failure failed:too_large",
    # drawn from damaged files, with nothing to be seen
    "veraPDFHiResWrongObjectID.pdf": "partial_success suspect:suspect",
    "docinfo_latin1_key.pdf": "partial_success suspect:suspect",
    # blank, and meant to be
    "blank.pdf": "success blank",
    "livecycle.pdf": "success blank",
    "meta.pdf": "success blank",
    "no_contents.pdf": "success blank",
    "toc.pdf": "success ok blank",
    "trivial.pdf": "success blank",
}
"""Of the real files, those of which not every page is simply read."""


def outcomes(mill: Mill) -> Iterator[tuple[str, str]]:
    """What became of each file and of each of its pages, one row for every page."""
    files, pages = mill.table("files"), mill.table("pages")
    assert files["source"].is_unique
    assert not pages.duplicated(["source", "page_no"]).any()
    assert len(pages) == files["pages_selected"].sum()
    for file in files.itertuples():
        own = pages[pages["source"] == file.source].sort_values("page_no")
        words = [worded(page.status, page.error_kind) for page in own.itertuples()]
        yield file.name, " ".join([file.status if words else worded(file.status, file.error_kind), *words])


def worded(status: str, kind: object) -> str:
    return f"{status}:{kind}" if isinstance(kind, str) else status


async def test_every_made_horror_comes_to_its_row_and_spoils_no_other(mill):
    nasties.make(mill.source)

    await mill.run(render_workers=2, render_timeout=5, render_memory_mb=1_024)

    expected = {name: " ".join(rest) for name, *rest in map(str.split, MADE.strip().splitlines())}
    assert dict(outcomes(mill)) == expected
    notes = mill.table("files").set_index("name")["notes"]
    assert "a dynamic XFA form: its pages may not show what is filled in" in notes["xfa.pdf"]
    assert "a portfolio: the files in it are not read" in notes["portfolio.pdf"]
    flood = mill.table("pages").set_index("name").loc["messages.pdf", "notes"]
    assert len(flood) == 21
    assert sum(map(len, flood)) < 5_000


async def test_real_broken_files_come_to_their_rows(mill):
    folders = tuple(str(corpus(name)) for name in ("encrypted", "ocrmypdf", "orientation"))

    await mill.run(sources=folders, render_workers=2, max_pixels=200_000)

    found, pages = dict(outcomes(mill)), mill.table("pages")
    read = set(pages["name"]) - set(pages.loc[told(pages) != "ok", "name"])
    assert {name: said for name, said in found.items() if name not in read} == REAL
    assert len(found) == len(mill.table("files"))


@pytest.mark.long
async def test_real_hard_files_are_read_to_their_last_page(mill):
    await mill.run(sources=(str(corpus("gnarly")),), render_workers=2, max_pixels=400_000)

    found = dict(outcomes(mill))
    assert len(found) == 37
    pages = mill.table("pages")
    said = pages[told(pages) != "ok"].groupby(["name", "page_no"])["error_message"].first().to_dict()
    assert said == {("failing_pdf_pg9.pdf", 9): "blank_where_damaged"}


@pytest.mark.long
async def test_a_book_that_unpacks_to_a_thousand_times_its_size_is_given_up(mill):
    (mill.source / "bomb.epub").write_bytes(nasties.bomb_in_a_book())

    await mill.run(render_timeout=20, render_memory_mb=512)

    assert dict(outcomes(mill))["bomb.epub"] in {"failure:render_timeout", "failure:render_crash"}


@pytest.fixture
def elsewhere() -> Iterator[socket.socket]:
    """A server that nobody is to reach; whoever tried waits in its queue."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0)
        yield server


async def test_what_a_document_refers_to_is_not_fetched_from_anywhere(mill, elsewhere):
    address = f"http://127.0.0.1:{elsewhere.getsockname()[1]}"
    (mill.source / "drawing.svg").write_bytes(nasties.drawing_from_elsewhere(address))
    (mill.source / "book.epub").write_bytes(nasties.book_from_elsewhere(address))
    (mill.source / "stream.pdf").write_bytes(nasties.stream_from_another_file())

    await mill.run()

    assert dict(outcomes(mill)) == {
        "drawing.svg": "success ok",
        "book.epub": "success ok",
        "stream.pdf": "success blank",
    }
    with pytest.raises(BlockingIOError):
        elsewhere.accept()
    for path in mill.source.iterdir():
        with opened(known(path)) as source:
            assert "root:" not in source.pymupdf_page(1).get_text()
