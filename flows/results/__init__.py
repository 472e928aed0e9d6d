"""What a run left, for whoever reads it: tables as DataFrames, documents as text, pages beside their pictures.

    from flows import results

    with results.open("results") as read:
        read.pages.groupby("status").size()
        read.document("invoice.pdf").text
        read.page_image("invoice.pdf", 3)

Everything is read when it is asked for, and once: open again to see what a later run has added.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from flows.results.documents import ReadDocument, ReadPage
from flows.results.opened import Results
from schemas.addresses import scheme_of

__all__ = ["ReadDocument", "ReadPage", "Results", "open"]


def open(  # noqa: A001 - read as `results.open`, like `tarfile.open` and `wave.open`
    out: str | os.PathLike[str], *, history: bool = False, passwords: Sequence[str] = (), furniture: bool = True
) -> Results:
    """Open what was given to a run as `--out`: a folder, or an address of a store (`s3://bucket/results`).

    The tables hold the newest row of every page and of every file. With *history* they hold every row, also those of
    earlier contents of a file. *passwords* open encrypted documents for their pictures. Without *furniture*, running
    headers, running footers and page numbers are left out of texts and blocks, where they are marked.

    Raises:
        NoInput: if it is no output of pagemill.
        OutputFault: if its store cannot be reached, or does not let it be read.
    """
    where = out if isinstance(out, str) and scheme_of(out) is not None else Path(out)
    return Results(where, history=history, passwords=tuple(passwords), furniture=furniture)
