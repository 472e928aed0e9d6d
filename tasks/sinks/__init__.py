"""Where rows go, one module each."""

from __future__ import annotations

from pathlib import Path

from tasks.places import Objects, Where, place_at
from tasks.ports import Sink


def open_sink(out: Where) -> Sink:
    """Open the tables of an output for writing, as parts of the kind that can lie there.

    Raises:
        UsageFault: if results cannot lie at such an address.
    """
    from tasks.sinks.objects import ObjectSink
    from tasks.sinks.parquet import ParquetSink

    place = place_at(out)
    return ObjectSink(place) if isinstance(place, Objects) else ParquetSink(Path(str(place)))
