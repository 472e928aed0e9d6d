"""Pages without what belongs to the paper: running headers, running footers and page numbers, where they are marked."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa

from schemas.blocks import FURNITURE
from schemas.records import PageRecord
from tasks.blocks import without_furniture


def undressed(page: PageRecord) -> PageRecord:
    """Leave them out of the text of a page, and out of its blocks."""
    text = page.text and without_furniture(page.text)
    blocks = page.blocks and tuple(block for block in page.blocks if block.kind not in FURNITURE)
    return replace(page, text=text, blocks=blocks)


def undressed_rows(pages: pa.Table) -> pa.Table:
    """Do the same to rows of the table `pages`, as far as they have these columns."""
    if "text" in pages.column_names:
        texts = [text and without_furniture(text) for text in pages["text"].to_pylist()]
        pages = _with(pages, "text", texts)
    if "blocks" in pages.column_names:
        blocks = [
            some and [block for block in some if block["kind"] not in FURNITURE] for some in pages["blocks"].to_pylist()
        ]
        pages = _with(pages, "blocks", blocks)
    return pages


def _with(rows: pa.Table, name: str, values: list[object]) -> pa.Table:
    field = rows.schema.field(name)
    return rows.set_column(rows.schema.get_field_index(name), field, pa.array(values, field.type))
