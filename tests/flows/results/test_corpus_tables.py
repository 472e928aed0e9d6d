"""Tables of a run over real documents: pandas, DuckDB, Polars and Arrow read them as they lie, and say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pandas as pd
import polars as pl
import pyarrow.compute as pc
import pyarrow.dataset as ds
import pytest

from tests.mill import Mill
from tests.papers import corpus

if TYPE_CHECKING:
    from pathlib import Path

SUMS = ("input_tokens", "output_tokens", "cost_known")
QUERY = f"""
    select operation, model, status, count(*), {", ".join(f"sum({name})" for name in SUMS)},
           count(text), count(*) filter (len(flags) > 0)
    from read_parquet(?) group by all
"""  # noqa: S608 - names of our own


def said_by_pandas(path: Path) -> list[tuple]:
    pages = pd.read_parquet(path)
    groups = pages.groupby(["operation", "model", "status"], observed=True)
    return sorted(
        (
            *key,
            len(rows),
            *(rows[name].sum() for name in SUMS),
            rows["text"].count(),
            (rows["flags"].map(len) > 0).sum(),
        )
        for key, rows in groups
    )


def said_by_duckdb(path: Path) -> list[tuple]:
    with duckdb.connect() as database:
        return sorted(database.execute(QUERY, [f"{path}/*.parquet"]).fetchall())


def said_by_polars(path: Path) -> list[tuple]:
    found = (
        pl.scan_parquet(path).with_columns(pl.col("status").cast(pl.String)).group_by("operation", "model", "status")
    )
    columns = (pl.len(), *map(pl.sum, SUMS), pl.count("text"), (pl.col("flags").list.len() > 0).sum().alias("flagged"))
    return sorted(found.agg(*columns).collect().rows())


def said_by_arrow(path: Path) -> list[tuple]:
    pages = ds.dataset(path).to_table()
    flagged = pc.cast(pc.greater(pc.list_value_length(pages["flags"]), 0), "int64")
    pages = pages.append_column("flagged", flagged).set_column(
        pages.column_names.index("status"), "status", pages["status"].cast("string")
    )
    sums = [([], "count_all"), *((name, "sum") for name in SUMS), ("text", "count"), ("flagged", "sum")]
    found = pages.group_by(["operation", "model", "status"]).aggregate(sums)
    order = [
        "operation",
        "model",
        "status",
        "count_all",
        *(f"{name}_sum" for name in SUMS),
        "text_count",
        "flagged_sum",
    ]
    return sorted(tuple(row[name] for name in order) for row in found.to_pylist())


@pytest.mark.long
@pytest.mark.xdist_group("run")
async def test_four_readers_say_the_same_of_a_run_over_real_documents(tmp_path, emulator, monkeypatch):
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    emulator.plan.rate({"429": 0.05, "length": 0.05}, attempts=1)
    mill = Mill(corpus("invoices"), tmp_path / "out", emulator)
    await mill.run(pages="1-2")
    await mill.run(pages="1-2", model="qwen3-vl-flash")
    await mill.run(pages="1-2", backend="local", sources=(str(corpus("nda")),))

    path = mill.out / "pages"
    said = said_by_pandas(path)
    assert said == said_by_duckdb(path) == said_by_polars(path) == said_by_arrow(path)
    assert {row[1] for row in said} == {"qwen3-vl-plus", "qwen3-vl-flash", "local"}
    assert sum(row[6] for row in said) == pd.read_parquet(mill.out / "files")["cost_known"].sum() > 0
