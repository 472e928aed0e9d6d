"""What is left to do, and how it is cut into shards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from schemas.documents import Document, Span
from schemas.page_ranges import PageRange, select_pages
from schemas.requests import ModelRequest, Recipe
from schemas.work import PlannedRequest, Shard
from tasks.ports import Placement


def spans(page_nos: Iterable[int], size: int) -> list[tuple[int, ...]]:
    """Cut the pages of one document into the runs of pages that a request each shows.

    The cuts stand at fixed places, behind every *size* pages of the document, and wherever a page is left out: pages
    that were written together once are cut the same way when they are written anew.

    >>> spans([1, 2, 3, 5, 6, 7], 3)
    [(1, 2, 3), (5, 6), (7,)]
    """
    found: list[list[int]] = []
    for page_no in sorted(page_nos):
        goes_on = found and page_no == found[-1][-1] + 1 and (page_no - 1) % size
        if goes_on:
            found[-1].append(page_no)
        else:
            found.append([page_no])
    return [tuple(span) for span in found]


class Placed:
    """Where pages of each file already have their rows, and which file carries the cost of which bytes.

    It holds every placement of a dataset, so little stands beside each; who claims which pages is unfolded for the
    documents that are asked after.
    """

    def __init__(self, placements: Iterable[Placement] = (), *, span_pages: int = 1) -> None:
        self._span_pages = span_pages
        self._by_source: dict[str, tuple[Placement, ...]] = {}
        self._carrying: dict[str, tuple[Placement, ...]] = {}
        self._claims: dict[str, dict[tuple[int, ...], str]] = {}
        for placement in placements:
            self.add(placement)

    def add(self, placement: Placement) -> None:
        """Take note of rows that were written."""
        source, doc_id = placement.source, placement.doc_id
        self._by_source[source] = (*self._by_source.get(source, ()), placement)
        if not placement.carries:
            return
        if doc_id in self._claims:
            self._claim(placement)
        else:
            self._carrying[doc_id] = (*self._carrying.get(doc_id, ()), placement)

    def pages(self, source: str, doc_id: str) -> frozenset[int]:
        """The pages of this file that have their rows."""
        return frozenset(page for placement in self._of(source, doc_id) for page in placement.page_nos)

    def has_other_versions(self, source: str, doc_id: str) -> bool:
        """Say whether rows of other bytes stand under this file's name."""
        return any(placement.doc_id != doc_id for placement in self._by_source.get(source, ()))

    def shards(self, source: str, doc_id: str) -> tuple[str, ...]:
        """The shards that hold rows of this file, by their first page of it."""
        found = sorted(self._of(source, doc_id), key=lambda placement: placement.page_nos[:1])
        return tuple(dict.fromkeys(placement.shard_id for placement in found))

    def awaits_rewrite(self, source: str, doc_id: str) -> bool:
        """Say whether a part with rows of this file is still to be written anew."""
        found = self._of(source, doc_id)
        return not {it.shard_id for it in found if it.stale} <= {it.shard_id for it in found if not it.stale}

    def carrier(self, doc_id: str, source: str, span: tuple[int, ...]) -> str | None:
        """Name the *other* file of the same bytes that carries the cost of this span; else claim it for *source*."""
        carrier = self._claimed(doc_id).setdefault(span, source)
        return carrier if carrier != source else None

    def _of(self, source: str, doc_id: str) -> list[Placement]:
        return [placement for placement in self._by_source.get(source, ()) if placement.doc_id == doc_id]

    def _claimed(self, doc_id: str) -> dict[tuple[int, ...], str]:
        if doc_id not in self._claims:
            self._claims[doc_id] = {}
            for placement in self._carrying.pop(doc_id, ()):
                self._claim(placement)
        return self._claims[doc_id]

    def _claim(self, placement: Placement) -> None:
        for span in spans(placement.page_nos, self._span_pages):
            self._claims[placement.doc_id].setdefault(span, placement.source)

    def first_carrier(self, doc_id: str, source: str, page_nos: Iterable[int]) -> str | None:
        """Name the *other* file of the same bytes that carries the cost of the first of these pages, if one does."""
        first = next(iter(spans(page_nos, self._span_pages)), None)
        return None if first is None else self.carrier(doc_id, source, first)


def open_pages(document: Document, placed: Placed, ranges: Sequence[PageRange] | None) -> list[int]:
    """List the pages of a document whose rows are not written yet."""
    done = placed.pages(document.file.source, document.doc_id)
    return [page_no for page_no in select_pages(document.page_count, ranges) if page_no not in done]


def open_requests(
    document: Document, recipe: Recipe, placed: Placed, ranges: Sequence[PageRange] | None
) -> Iterator[PlannedRequest]:
    """Make the requests of a document whose rows are not written yet, one by one: a long one has very many."""
    source, doc_id = document.file.source, document.doc_id
    for span in spans(open_pages(document, placed, ranges), recipe.span_pages):
        yield PlannedRequest(ModelRequest(recipe, Span(document, span)), placed.carrier(doc_id, source, span))


class ShardCutter:
    """Cuts a stream of requests into shards of *size* pages, where the content says so; no request is cut in two.

    A shard ends behind a request whose key falls on one chance in half of *size*, so that it holds about that many
    pages, and whatever is added or removed elsewhere, the next such request puts all later cuts where they were.
    The first shard has *first* pages at most and each one after it twice as many, until that is *size*: so the first
    rows are there soon.
    """

    def __init__(self, size: int, *, first: int | None = None) -> None:
        self._size = size
        self._most = min(first or size, size)
        self._items: list[PlannedRequest] = []
        self._pages = 0

    def add(self, item: PlannedRequest) -> Shard | None:
        """Take one request; give the shard that it filled, if it did."""
        self._items.append(item)
        self._pages += len(item.request.span.page_nos)
        is_cut = int(item.request.base_key[:8], 16) % max(self._size // 2, 1) == 0
        return self.flush() if is_cut or self._pages >= self._most else None

    def flush(self) -> Shard | None:
        """Give what is left as the last shard."""
        self._most = min(2 * self._most, self._size)
        items, self._items, self._pages = tuple(self._items), [], 0
        return Shard(items) if items else None


class Rewrites:
    """Collects the documents of parts that are to be written anew, until each part has all of its own."""

    def __init__(self, placements: Iterable[Placement]) -> None:
        self._wanted: defaultdict[str, list[Placement]] = defaultdict(list)
        self._shards: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self._found: dict[tuple[str, str], Document] = {}
        for placement in placements:
            if placement.stale:
                self._wanted[placement.shard_id].append(placement)
                self._shards[placement.source, placement.doc_id].append(placement.shard_id)

    def wants(self, document: Document) -> bool:
        """Say whether a part that holds rows of this document is to be written anew."""
        return (document.file.source, document.doc_id) in self._shards

    def offer(self, document: Document) -> list[tuple[str, list[tuple[Placement, Document]]]]:
        """Take a document; give the parts that have all of theirs now, with their id."""
        key = document.file.source, document.doc_id
        if key not in self._shards:
            return []
        self._found[key] = document
        return [
            (shard_id, self._take(shard_id))
            for shard_id in self._shards[key]
            if all((placement.source, placement.doc_id) in self._found for placement in self._wanted.get(shard_id, ()))
        ]

    def rest(self) -> list[tuple[str, list[tuple[Placement, Document]]]]:
        """Give the parts of which some documents are gone, with those that are there."""
        return [(shard_id, self._take(shard_id)) for shard_id in tuple(self._wanted)]

    def _take(self, shard_id: str) -> list[tuple[Placement, Document]]:
        placements = self._wanted.pop(shard_id)
        return [
            (placement, self._found[placement.source, placement.doc_id])
            for placement in placements
            if (placement.source, placement.doc_id) in self._found
        ]


def rewritten(
    shard_id: str,
    parts: Sequence[tuple[Placement, Document]],
    recipe: Recipe,
    placed: Placed,
    generations: Mapping[str, int],
) -> Shard:
    """Make the shard that writes an existing part anew, asking in the generation that each request has come to."""
    items = []
    for placement, document in parts:
        for span in spans(placement.page_nos, recipe.span_pages):
            request = ModelRequest(recipe, Span(document, span))
            request = replace(request, generation=generations.get(request.base_key, 0))
            carrier = placed.carrier(document.doc_id, document.file.source, span)
            items.append(PlannedRequest(request, carrier))
    return Shard(tuple(items), existing_id=shard_id)
