"""Rows to write: one of each table by hand, and any that hypothesis thinks of."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from schemas.arrow import Column, columns
from schemas.blocks import BLOCK_KINDS, Block
from schemas.records import CallRecord, FileRecord, Flag, PageRecord, Record, RunRecord

NOON = datetime(2026, 3, 14, 12, 0, 0, 123_456, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
SIMPLE: dict[type, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False),
    bool: st.booleans(),
    datetime: st.datetimes(timezones=st.just(UTC)),
}


def records(record_type: type[Record]) -> st.SearchStrategy[Record]:
    """Any row of a table."""
    return st.builds(record_type, **{column.name: _values(column) for column in columns(record_type)})


def example(record_type: type[Record], **values: Any) -> Record:
    """One row: the dullest value of each column, but for those that are given."""
    return record_type(**{column.name: _dull(column) for column in columns(record_type)} | values)


def page(**values: Any) -> PageRecord:
    """One page, read well."""
    usual = {
        "status": "ok",
        "text": "# Invoice 发票",
        "flags": (Flag("loop", 0.5),),
        "notes": ("odd xref",),
        "ink": 0.1,
        "blocks": (Block("title", "Invoice", 10.0, 20.0, 90.5, 40.0), Block("text", "发票")),
        "has_tables": False,
    }
    return example(PageRecord, **usual | values)


def examples() -> dict[str, list[Record]]:
    """Two rows of each table."""
    return {
        "pages": [
            page(page_no=1),
            page(page_no=2, status="failed", text=None, flags=(), notes=(), ink=None, blocks=None),
        ],
        "files": [example(FileRecord, status="success"), example(FileRecord, status="failure", error_kind="corrupt")],
        "calls": [example(CallRecord, outcome="answered"), example(CallRecord, outcome="lost", ended_at=NOON)],
        "runs": [example(RunRecord, status="success"), example(RunRecord, status="stopped", cost=1.25)],
    }


def _values(column: Column) -> st.SearchStrategy[Any]:
    if column.choices:
        values = st.sampled_from(column.choices)
    elif column.is_money:
        values = st.integers(-(10**15), 10**15).map(lambda billionths: billionths / 10**9)
    elif column.element is Flag:
        values = st.lists(st.builds(Flag, TEXT, SIMPLE[float]), max_size=3).map(tuple)
    elif column.element is Block:
        side = st.none() | SIMPLE[float]
        blocks = st.builds(Block, st.sampled_from(sorted(BLOCK_KINDS)), TEXT, side, side, side, side)
        values = st.lists(blocks, max_size=3).map(tuple)
    elif column.element is str:
        values = st.lists(TEXT, max_size=3).map(tuple)
    else:
        values = SIMPLE[column.annotation]
    return st.none() | values if column.nullable else values


def _dull(column: Column) -> Any:
    if column.nullable:
        return None
    if column.choices:
        return column.choices[0]
    return () if column.element else {str: column.name, int: 0, float: 0.0, datetime: NOON}[column.annotation]
