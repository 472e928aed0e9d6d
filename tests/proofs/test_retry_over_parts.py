"""A document over several parts: what is asked again in some of them shows in its one row."""

from __future__ import annotations

import asyncio

import pytest

from tasks.run import retry
from tests.mill import Memory, paper
from tests.proofs.books import check_tables, tokens

pytestmark = pytest.mark.xdist_group("proofs")


async def test_pages_that_are_asked_again_in_several_parts_of_a_document_are_all_counted_in_its_row(mill):
    paper(mill.source / "long.pdf", *(f"page {number}" for number in range(1, 21)))
    mill.emulator.plan.always("400-blocked")
    settings = {"shard_pages": 4, "in_flight": 4}
    await mill.run(**settings)
    parts = mill.table("pages")["page_no"].size, len(list((mill.out / "pages").iterdir()))
    mill.emulator.plan.clear()

    record = await retry(mill.config(**settings), ["blocked"], reporter=Memory(), stop=asyncio.Event())

    assert parts[0] == 20
    assert parts[1] > 3
    assert (record.status, record.pages_ok) == ("success", 20)
    (row,) = mill.table("files").to_dict("records")
    assert (row["status"], row["pages_ok"], row["pages_blocked"]) == ("success", 20, 0)
    assert tokens(mill.table("files")) == tokens(mill.table("pages")) == tokens(mill.table("calls"))
    check_tables(mill.out)
