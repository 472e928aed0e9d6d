"""Files that hold the rows of many parts, one part behind the other, and say in their footer which and how many.

Such a file is named by what it holds and never changes. A part's rows are found in it under the part's own name, so
that whoever knows where rows went need not know that they were merged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

PREFIX = "merged-"
CONTENTS = b"pagemill.parts"
_GROUPS_HELD = 2


@dataclass(frozen=True, slots=True)
class Stretch:
    """Where in a merged file the rows of a part are."""

    path: Path
    start: int
    rows: int


def is_merged(part: str) -> bool:
    """Say whether a part is a merged one."""
    return part.startswith(PREFIX)


def contents(path: Path) -> dict[str, int]:
    """List the parts that a file holds, in order, each with its number of rows; a part that is none holds itself."""
    return listed_contents(pq.read_metadata(path), path.stem)


def listed_contents(footer: pq.FileMetaData, stem: str) -> dict[str, int]:
    """List what the footer of the file *stem* says that it holds."""
    listed = (footer.metadata or {}).get(CONTENTS)
    if listed is None:
        return {stem: footer.num_rows}
    return dict(json.loads(listed))


class MergedParts:
    """The merged files of one table."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stretches: dict[str, Mapping[str, Stretch]] = {}
        self._group = lru_cache(maxsize=_GROUPS_HELD)(_group)

    def find(self, part: str) -> Stretch | None:
        """Find where the rows of a part are; None if in no merged file.

        Raises:
            FileNotFoundError: if a file was replaced a moment ago; look again.
        """
        for path in self._folder.glob(f"{PREFIX}*.parquet"):
            if (found := self._known(path).get(part)) is not None:
                return found
        return None

    def read(self, stretch: Stretch) -> pa.Table:
        """Read the rows of a part, and no more groups of rows than hold them.

        Raises:
            FileNotFoundError: if the file was replaced a moment ago; look again.
        """
        footer = pq.read_metadata(stretch.path)
        ends = list(accumulate(footer.row_group(index).num_rows for index in range(footer.num_row_groups)))
        starts = [0, *ends[:-1]]
        stop = stretch.start + stretch.rows
        wanted = [
            index
            for index, (start, end) in enumerate(zip(starts, ends, strict=True))
            if start < stop > stretch.start < end
        ]
        if not wanted:
            return footer.schema.to_arrow_schema().empty_table()
        rows = pa.concat_tables([self._group(stretch.path, index) for index in wanted])
        return rows.slice(stretch.start - starts[wanted[0]], stretch.rows)

    def _known(self, path: Path) -> Mapping[str, Stretch]:
        if path.name not in self._stretches:
            held = contents(path)
            starts = accumulate(held.values(), initial=0)
            self._stretches[path.name] = {
                part: Stretch(path, start, rows) for (part, rows), start in zip(held.items(), starts, strict=False)
            }
        return self._stretches[path.name]


def _group(path: Path, index: int) -> pa.Table:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        return file.read_row_group(index)
