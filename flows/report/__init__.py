"""The report of a run: what it did, what it took, and what is to be done about the rest.

`content` is the report as one value, made by `gather` from the tables, written by `html` and `markdown`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from schemas.errors import RunError
from schemas.records import RunRecord

FILE = "report.html"


async def leave(run: RunRecord, out: str, note: Callable[[str], None]) -> None:
    """Leave `report.html` of a run that is over. The run is worth more: what hinders the report is only noted."""
    try:
        await asyncio.to_thread(write, run, out)
    except (RunError, OSError) as error:
        note(f"no report could be left: {error}")


def write(run: RunRecord, out: str) -> Path | str:
    """Write the report of a run into its output, whole or not at all; give its path or its address.

    Raises:
        RunError: if a table cannot be read, or the file not be written.
    """
    from flows.report.gather import gather
    from flows.report.html import html
    from tasks.places import Folder, place_at

    place = place_at(out)
    page = html(gather(run, place))
    with place.writing(FILE) as file:
        file.write(page.encode("utf-8", "replace"))
    return place.path / FILE if isinstance(place, Folder) else place.at(FILE)
