"""Where rows go, one module each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from schemas.records import Record
from tasks.places import Objects, Where, place_at
from tasks.ports import Sink

AT_ONCE = 16
"""Parts of a store that are on their way at the same time."""


def open_sink(out: Where) -> Sink:
    """Open the tables of an output for writing, as parts of the kind that can lie there.

    Raises:
        UsageFault: if results cannot lie at such an address.
    """
    from tasks.sinks.objects import ObjectSink
    from tasks.sinks.parquet import ParquetSink

    place = place_at(out)
    return ObjectSink(place) if isinstance(place, Objects) else ParquetSink(Path(str(place)))


def read_each(sink: Sink, table: str, parts: Sequence[str]) -> Iterator[Sequence[Record]]:
    """Read parts in this order; of a store several are on their way at once, which a disk does not need.

    Raises:
        OutputFault: if one cannot be read, or is not what was written.
    """
    from tasks.sinks.objects import ObjectSink

    if not isinstance(sink, ObjectSink):
        yield from (sink.read(table, part) for part in parts)
        return
    coming: deque[Future[Sequence[Record]]] = deque()
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="part") as threads:
        try:
            for part in parts:
                coming.append(threads.submit(sink.read, table, part))
                if len(coming) > AT_ONCE:
                    yield coming.popleft().result()
            while coming:
                yield coming.popleft().result()
        finally:
            threads.shutdown(cancel_futures=True)
