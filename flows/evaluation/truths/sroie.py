"""Receipts of the ICDAR 2019 competition (SROIE): `box/000.csv` has the lines, `key/000.json` four fields."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from flows.evaluation.truths import parsed, parts_of, text_of
from tasks.evaluating.truth import Truth

_CORNERS = 8
_ALIASES = {"/company": "/merchant"}
"""What the fields are called in our own schema."""


def fits(folder: Path) -> bool:
    """Three folders: images, boxes, keys."""
    return all((folder / name).is_dir() for name in ("img", "box", "key"))


def read(folder: Path) -> Iterator[Truth]:
    """Give lines and fields; both are of the one page there is."""
    for path in sorted((folder / "box").glob("*.csv")):
        rows = csv.reader(text_of(path).splitlines(), quoting=csv.QUOTE_NONE)
        page = "\n".join(",".join(row[_CORNERS:]) for row in rows if row)
        yield Truth(parts=parts_of(folder / "img" / path.stem), origin=str(path), pages=(page,))
    for path in sorted((folder / "key").glob("*.json")):
        data = parsed(text_of(path), path)
        yield Truth(parts=parts_of(folder / "img" / path.stem), origin=str(path), data=data, aliases=_ALIASES)
