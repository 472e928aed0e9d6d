"""What parts are called, wherever they lie."""

from __future__ import annotations

import re

from schemas.records import TABLES

PART_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
ENDING = ".parquet"


def folder_of(table: str) -> str:
    """Name the folder of a table, below the output.

    Raises:
        ValueError: if there is no such table.
    """
    if table not in TABLES:
        msg = f"there is no table {table!r}, only {', '.join(TABLES)}"
        raise ValueError(msg)
    return table


def file_of(table: str, part: str) -> str:
    """Name the file of a part, below the output.

    Raises:
        ValueError: if there is no such table, or a part cannot be called so.
    """
    if not PART_NAME.fullmatch(part):
        msg = f"{part!r} cannot name a part"
        raise ValueError(msg)
    return f"{folder_of(table)}/{part}{ENDING}"
