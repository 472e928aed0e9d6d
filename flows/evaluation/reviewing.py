"""The marks that reviewers left in an output: the table `reviews`."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.dataset as ds

from schemas.errors import OutputFault
from tasks.evaluating.marks import Mark, Review

TABLE = "reviews"
_COLUMNS = ("doc_id", "page_no", "request_key", "operation", "mark", "marked_at", "corrected_text")


def reviews_of(out: Path) -> tuple[Review, ...]:
    """Read all marks; an output that nobody reviewed has none.

    Raises:
        OutputFault: if the table is damaged, or is not one of marks.
    """
    folder = out / TABLE
    if not folder.is_dir() or not any(folder.glob("*.parquet")):
        return ()
    try:
        rows = ds.dataset(folder, format="parquet").to_table(columns=list(_COLUMNS)).to_pylist()
    except (OSError, pa.ArrowInvalid, pa.ArrowKeyError) as error:
        msg = f"cannot read the marks in {folder}: {error}"
        raise OutputFault(msg, advice="move the folder away, or evaluate without it: --no-reviews") from error
    known = get_args(Mark)
    return tuple(Review(**row) for row in rows if row["mark"] in known)
