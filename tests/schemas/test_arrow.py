from __future__ import annotations

import subprocess
import sys

import pyarrow as pa
import pytest

from schemas.arrow import arrow_schema, columns, from_arrow, to_arrow
from schemas.records import TABLES, FileRecord, PageRecord
from tests.sinks.rows import examples


@pytest.mark.parametrize("table", TABLES)
def test_rows_survive_the_way_there_and_back(table: str) -> None:
    rows = examples()[table]
    there = to_arrow(TABLES[table], rows)
    assert there.schema.equals(arrow_schema(TABLES[table]), check_metadata=True)
    assert from_arrow(TABLES[table], there) == rows


def test_each_annotation_has_its_type() -> None:
    schema = arrow_schema(PageRecord)
    flag = pa.struct([pa.field("name", pa.string(), nullable=False), pa.field("score", pa.float64(), nullable=False)])
    block = pa.struct(
        [pa.field(name, pa.string(), nullable=False) for name in ("kind", "text")]
        + [pa.field(name, pa.float64()) for name in ("x0", "y0", "x1", "y1")]
    )
    expected = {
        "status": (pa.dictionary(pa.int32(), pa.string()), False),
        "origin": (pa.dictionary(pa.int32(), pa.string()), True),
        "page_no": (pa.int64(), False),
        "image_width": (pa.int64(), True),
        "cost": (pa.decimal128(18, 9), True),
        "finished_at": (pa.timestamp("us", tz="UTC"), False),
        "flags": (pa.list_(pa.field("element", flag, nullable=False)), False),
        "notes": (pa.list_(pa.field("element", pa.string(), nullable=False)), False),
        "text": (pa.string(), True),
        "blocks": (pa.list_(pa.field("element", block, nullable=False)), True),
        "has_tables": (pa.bool_(), True),
    }
    assert {name: (schema.field(name).type, schema.field(name).nullable) for name in expected} == expected


@pytest.mark.parametrize("record_type", TABLES.values())
def test_each_column_is_documented_in_the_order_of_the_record(record_type: type) -> None:
    assert [column.name for column in columns(record_type)] == list(record_type.__dataclass_fields__)
    assert all(column.doc for column in columns(record_type))


def test_a_table_that_lacks_a_needed_column_gives_no_rows() -> None:
    with pytest.raises(ValueError, match="column run_id is missing"):
        from_arrow(FileRecord, pa.table({"source": ["x"]}))


def test_the_nouns_do_not_import_pyarrow() -> None:
    code = "import sys, schemas.records, tasks.ports, tasks.dataset; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
