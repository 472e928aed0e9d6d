"""From a document's bytes to pictures of its pages, inside a worker process.

    with opened(document) as source:
        size = source.natural_size(page_no)
        picture = source.picture(page_no, size)      # PIL, mode "L" or "RGB"
        facts = source.facts(page_no, picture)

`opened` keeps a few documents open per process and refuses a file that changed; `open_source` opens one for
the caller alone. Everything here raises `DocumentError` and nothing else for a document's own faults.
Nothing here may run in the main process of a run: parsers hang and crash.
"""

from __future__ import annotations

from tasks.drawing.bounds import MAX_SOURCE_PIXELS
from tasks.drawing.cache import check_unchanged, opened
from tasks.drawing.handle import open_bytes
from tasks.drawing.open import open_source
from tasks.drawing.sniff import media_type_of
from tasks.drawing.source import PageSource, Scan

__all__ = [
    "MAX_SOURCE_PIXELS",
    "PageSource",
    "Scan",
    "check_unchanged",
    "media_type_of",
    "open_bytes",
    "open_source",
    "opened",
]
