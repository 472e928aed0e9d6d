"""The tables as they lie: the same answers from every reader, and columns that do not change unnoticed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from schemas.arrow import arrow_schema
from schemas.records import ALL_TABLES, TABLES

pytestmark = pytest.mark.xdist_group("results")
PINNED = Path(__file__).with_name("columns.txt")


def columns() -> str:
    """Every column of every table, as the schemas have them now."""
    lines = (
        f"{table}.{field.name}: {field.type}{'' if field.nullable else ' not null'}"
        for table, record_type in ALL_TABLES.items()
        for field in arrow_schema(record_type)
    )
    return "\n".join(lines) + "\n"


def asked_of_duckdb(query: str, folder: Path) -> list[tuple]:
    with duckdb.connect() as database:
        return database.execute(query, [f"{folder}/*.parquet"]).fetchall()


def test_names_types_and_order_of_the_columns_are_pinned():
    assert columns() == PINNED.read_text(encoding="utf-8"), "columns are only ever added, at a table's end, nullable"


@pytest.mark.parametrize("table", TABLES)
def test_what_lies_on_disk_has_the_pinned_columns(finished, table):
    found = ds.dataset(finished.out / table).schema
    assert found.equals(arrow_schema(TABLES[table]))


@pytest.mark.parametrize("table", ["pages", "files", "calls"])
def test_pandas_duckdb_and_polars_count_and_add_up_alike(finished, table):
    path = finished.out / table
    pandas = pd.read_parquet(path)
    duck = asked_of_duckdb("select count(*), sum(input_tokens), sum(cost) from read_parquet(?)", path)[0]
    polars = pl.scan_parquet(path).select(pl.len(), pl.sum("input_tokens"), pl.sum("cost")).collect().row(0)
    arrow = ds.dataset(path).to_table(["input_tokens", "cost"])
    sums = (arrow.num_rows, pc.sum(arrow["input_tokens"]).as_py(), pc.sum(arrow["cost"]).as_py())
    expected = (len(pandas), pandas["input_tokens"].sum(), pandas["cost"].sum())
    assert duck == polars == sums == expected
    assert expected[2] > Decimal(0)


def test_the_three_tables_tell_the_same_tokens_and_the_same_money(opened):
    for column in ("input_tokens", "output_tokens", "image_tokens", "cost"):
        pages, files, calls = (pc.sum(opened.arrow(name)[column]).as_py() for name in ("pages", "files", "calls"))
        assert pages == files == calls > 0
    assert opened.files["cost"].dtype == "float64"
    assert round(opened.files["cost"].sum(), 9) == float(calls)


def test_flags_are_lists_of_structs_to_every_reader(finished):
    path = finished.out / "pages"
    query = "select f.name from (select unnest(flags) as f from read_parquet(?)) order by 1"
    duck = [name for (name,) in asked_of_duckdb(query, path)]
    pages = pl.scan_parquet(path).select(pl.col("flags").explode(empty_as_null=False)).collect()["flags"]
    assert duck == sorted(flag["name"] for flag in pages.to_list() if flag)
    assert "refusal" in duck


def test_names_that_repeat_are_dictionary_encoded_and_have_statistics_to_prune_by(finished):
    for path in (finished.out / "pages").glob("*.parquet"):
        group = pq.read_metadata(path).row_group(0)
        found = {group.column(index).path_in_schema: group.column(index) for index in range(group.num_columns)}
        for name in ("operation", "backend", "model", "source", "run_id", "status"):
            assert "RLE_DICTIONARY" in found[name].encodings
            assert found[name].statistics.has_min_max
        assert found["finished_at"].statistics.has_min_max
        assert found["text"].statistics is None


def test_categories_and_times_are_what_they_mean(finished):
    pages = pd.read_parquet(finished.out / "pages")
    assert str(pages["status"].dtype) == "category"
    assert str(pages["finished_at"].dtype) == "datetime64[us, UTC]"
