"""How rows are laid down in a Parquet file, whoever writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ROWS_PER_GROUP = 8_192
"""Smaller groups prune no better and slow pandas down; larger ones cost memory."""
LONG_TEXT = frozenset({"text", "result", "reasoning", "message", "error_message", "usage_raw", "config"})
"""Columns whose values hardly repeat and are long: a dictionary or a minimum of them is dead weight."""


def form(columns: Sequence[str]) -> dict[str, Any]:
    """Give the settings of a writer for a table of these columns."""
    short = [name for name in columns if name not in LONG_TEXT]
    return {
        "compression": "zstd",
        "compression_level": 3,
        "use_dictionary": short,
        "write_statistics": short,
        "write_page_index": True,
        "write_page_checksum": True,
    }
