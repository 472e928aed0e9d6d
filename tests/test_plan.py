"""What is left to do, and where the stream of requests is cut."""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from schemas.documents import Document, SourceFile
from schemas.page_ranges import PageRange
from schemas.requests import Recipe
from tasks.plan import Placed, Rewrites, ShardCutter, open_requests, rewritten, spans
from tasks.ports import Placement

RECIPE = Recipe("text", 1, "dashscope", "m")


def document(name, pages=1, content=None):
    file = SourceFile(f"/in/{name}", f"/in/{name}", name, 1, datetime(2026, 1, 1, tzinfo=UTC), 0)
    return Document(file, hashlib.sha256((content or name).encode()).hexdigest(), "application/pdf", pages)


def cut(documents, size=20):
    placed, cutter, shards = Placed(), ShardCutter(size), []
    for one in documents:
        shards += [cutter.add(item) for item in open_requests(one, RECIPE, placed, None)]
    return [shard for shard in [*shards, cutter.flush()] if shard]


def pages_of(shards):
    return [(item.source, item.request.span.page_nos) for shard in shards for item in shard.items]


documents = st.lists(st.integers(1, 45), max_size=30).map(
    lambda counts: [document(f"{index:03}.pdf", pages) for index, pages in enumerate(counts)]
)


@given(documents, st.integers(1, 25))
def test_shards_hold_all_pages_once_in_order_and_are_never_too_large(found, size):
    shards = cut(found, size)

    assert pages_of(shards) == [(one.file.source, (page,)) for one in found for page in one.pages]
    assert all(0 < shard.page_count <= size for shard in shards)
    assert len({shard.shard_id for shard in shards}) == len(shards)


def test_adding_one_file_moves_only_its_neighbours():
    found = [document(f"{index:04}.pdf") for index in range(0, 2_000, 2)]
    before = {shard.shard_id for shard in cut(found)}

    after = {shard.shard_id for shard in cut(sorted([*found, document("0501.pdf")], key=lambda one: one.file.source))}

    assert len(before - after) <= 4


SPANNING = replace(RECIPE, span_pages=3)


@given(st.sets(st.integers(1, 40)), st.integers(1, 9))
def test_spans_hold_all_pages_once_in_order_and_cut_where_the_document_says(page_nos, size):
    found = spans(page_nos, size)

    assert [page_no for span in found for page_no in span] == sorted(page_nos)
    for span in found:
        assert len(span) <= size
        assert span == tuple(range(span[0], span[-1] + 1))
        assert len({(page_no - 1) // size for page_no in span}) == 1


@given(st.sets(st.integers(1, 40), min_size=1), st.data())
def test_what_is_left_of_a_document_and_what_was_written_are_cut_like_the_whole(page_nos, data):
    whole = spans(page_nos, 4)
    written = data.draw(st.sets(st.sampled_from(whole)))
    pages_written = {page_no for span in written for page_no in span}

    assert set(spans(pages_written, 4)) == written
    assert set(spans(page_nos - pages_written, 4)) == set(whole) - written


def test_a_request_shows_as_many_pages_as_its_recipe_says():
    one = document("a.pdf", 7)
    placed = Placed([Placement("/in/a.pdf", one.doc_id, (1, 2, 3), "s1")], span_pages=3)

    left = list(open_requests(one, SPANNING, placed, None))

    assert [item.request.span.page_nos for item in left] == [(4, 5, 6), (7,)]
    assert [item.page_count for item in left] == [3, 1]


def test_a_copy_of_which_fewer_pages_are_shown_at_once_is_a_question_of_its_own():
    one, copy = document("a.pdf", 3, "same"), document("b.pdf", 3, "same")
    placed = Placed([Placement(one.file.source, one.doc_id, (1, 2, 3), "s1")], span_pages=3)

    whole = list(open_requests(copy, SPANNING, placed, None))
    part = list(open_requests(copy, SPANNING, placed, (PageRange(2, 3),)))

    assert [item.duplicate_of for item in whole] == ["/in/a.pdf"]
    assert [item.duplicate_of for item in part] == [None]
    assert placed.first_carrier(copy.doc_id, "/in/b.pdf", (1, 2, 3)) == "/in/a.pdf"


def test_a_part_is_written_anew_by_the_same_requests():
    one = document("a.pdf", 7)
    first = list(open_requests(one, SPANNING, Placed(span_pages=3), None))
    parts = [(Placement("/in/a.pdf", one.doc_id, one.pages, "s1", stale=True), one)]

    shard = rewritten("s1", parts, SPANNING, Placed(span_pages=3), {})

    assert [item.request.key for item in shard.items] == [item.request.key for item in first]


def test_pages_that_have_rows_are_not_planned_again():
    one = document("a.pdf", 5)
    placed = Placed([Placement("/in/a.pdf", one.doc_id, (1, 2), "s1")])

    left = list(open_requests(one, RECIPE, placed, (PageRange(2, 4),)))

    assert [item.request.span.page_nos for item in left] == [(3,), (4,)]


def test_the_same_bytes_under_another_name_cost_nothing():
    one, two = document("a.pdf", 2, "same"), document("b.pdf", 3, "same")
    placed = Placed()

    first = list(open_requests(one, RECIPE, placed, None))
    second = list(open_requests(two, RECIPE, placed, None))

    assert [item.duplicate_of for item in first] == [None, None]
    assert [item.duplicate_of for item in second] == ["/in/a.pdf", "/in/a.pdf", None]
    assert first[0].request.key == second[0].request.key


def test_a_file_that_was_read_before_still_carries_the_cost_of_its_copies():
    copy = document("a-copy.pdf", 1, "same")
    placed = Placed([Placement("/in/z.pdf", copy.doc_id, (1,), "s1")])

    (item,) = open_requests(copy, RECIPE, placed, None)

    assert item.duplicate_of == "/in/z.pdf"


def test_a_part_is_written_anew_when_all_its_documents_are_there():
    one, two = document("a.pdf"), document("b.pdf", 3)
    stale = [
        Placement("/in/a.pdf", one.doc_id, (1,), "s1", stale=True),
        Placement("/in/b.pdf", two.doc_id, (1, 3), "s1", stale=True),
    ]
    rewrites = Rewrites(stale)

    assert rewrites.offer(one) == []
    ((shard_id, parts),) = rewrites.offer(two)
    shard = rewritten(shard_id, parts, RECIPE, Placed(stale), {})

    assert shard.shard_id == "s1"
    assert pages_of([shard]) == [("/in/a.pdf", (1,)), ("/in/b.pdf", (1,)), ("/in/b.pdf", (3,))]
    assert rewrites.rest() == []


def test_a_part_of_which_a_document_is_gone_is_written_with_those_that_are_left():
    one = document("a.pdf")
    rewrites = Rewrites(
        [Placement("/in/a.pdf", one.doc_id, (1,), "s1", stale=True), Placement("/in/gone", "x", (1,), "s1", stale=True)]
    )
    rewrites.offer(one)

    ((shard_id, parts),) = rewrites.rest()

    assert shard_id == "s1"
    assert [found for _, found in parts] == [one]


def test_requests_are_asked_in_the_generation_that_they_have_come_to():
    one = document("a.pdf")
    (item,) = open_requests(one, RECIPE, Placed(), None)
    parts = [(Placement("/in/a.pdf", one.doc_id, (1,), "s1", stale=True), one)]

    shard = rewritten("s1", parts, RECIPE, Placed(), {item.request.base_key: 2})

    assert shard.items[0].request.generation == 2
    assert shard.items[0].request.key != item.request.key
