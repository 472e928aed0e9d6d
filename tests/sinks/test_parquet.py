from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.errors import ExitCode, OutputFault
from schemas.records import TABLES
from tasks.aside import FOLDER
from tasks.sinks.parquet import ParquetSink
from tests.sinks.rows import examples, page, records


def names_below(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("table", TABLES)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_rows_come_back_as_they_were_written(table: str, tmp_path: Path, data: st.DataObject) -> None:
    rows = data.draw(st.lists(records(TABLES[table]), max_size=3))
    sink = ParquetSink(tmp_path)
    sink.write(table, "part", rows)
    assert list(sink.read(table, "part")) == rows


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        ParquetSink(tmp_path / name).write("pages", "part", examples()["pages"])
    assert (tmp_path / "one/pages/part.parquet").read_bytes() == (tmp_path / "two/pages/part.parquet").read_bytes()


def test_a_part_is_replaced_whole(tmp_path: Path) -> None:
    sink = ParquetSink(tmp_path)
    sink.write("pages", "part", [page(page_no=1), page(page_no=2)])
    sink.write("pages", "part", [page(page_no=3)])
    assert [row.page_no for row in sink.read("pages", "part")] == [3]
    assert names_below(tmp_path) == {"pages/part.parquet"}


def test_parts_are_listed_in_order_and_measured(tmp_path: Path) -> None:
    sink = ParquetSink(tmp_path)
    assert sink.parts("pages") == []
    for part in ("b", "a"):
        sink.write("pages", part, [page(), page()])
    size = sink.size("pages", "a")
    assert sink.parts("pages") == ["a", "b"]
    assert (size.rows, size.size_bytes) == (2, (tmp_path / "pages/a.parquet").stat().st_size)


def test_an_absent_part_has_no_rows(tmp_path: Path) -> None:
    assert list(ParquetSink(tmp_path).read("pages", "nothing")) == []


@pytest.mark.parametrize("part", ["", ".", "..", "../x", "a/b", "/etc/x", "a.b", "_x", ".x", "a\0", "a\n", "x" * 129])
def test_a_part_cannot_be_named_out_of_its_folder(tmp_path: Path, part: str) -> None:
    with pytest.raises(ValueError, match="cannot name a part"):
        ParquetSink(tmp_path).write("pages", part, [page()])
    assert names_below(tmp_path) == set()


def test_an_unknown_table_is_answered_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pages, files, calls, runs"):
        ParquetSink(tmp_path).parts("page")


def test_long_text_has_no_dictionary_and_groups_are_neither_small_nor_huge(tmp_path: Path) -> None:
    one = page()
    ParquetSink(tmp_path).write("pages", "part", [replace(one, page_no=number) for number in range(10_000)])
    meta = pq.read_metadata(tmp_path / "pages/part.parquet")
    column = {meta.schema.column(i).path: meta.row_group(0).column(i) for i in range(meta.num_columns)}
    assert [meta.row_group(i).num_rows for i in range(meta.num_row_groups)] == [8192, 1808]
    assert {chunk.compression for chunk in column.values()} == {"ZSTD"}
    assert not column["text"].has_dictionary_page
    assert column["source"].has_dictionary_page
    assert (column["page_no"].statistics.min, column["page_no"].statistics.max) == (0, 8191)


def test_halves_of_surrogate_pairs_in_an_answer_do_not_lose_the_part(tmp_path: Path) -> None:
    sink = ParquetSink(tmp_path)
    sink.write("pages", "part", [page(text="a\ud83db \ud83d\ude00", notes=("\udcff",))])
    (row,) = sink.read("pages", "part")
    assert (row.text, row.notes) == ("a\ufffdb 😀", ("\ufffd",))


def test_what_cannot_be_a_row_is_a_bug_and_leaves_nothing(tmp_path: Path) -> None:
    sink = ParquetSink(tmp_path)
    with pytest.raises(ValueError, match="status has no value 'fine'"):
        sink.write("pages", "part", [page(status="fine")])
    with pytest.raises(ValueError, match="finished_at"):
        sink.write("pages", "part", [page(finished_at=datetime(2026, 1, 1))])  # noqa: DTZ001 - the point
    assert names_below(tmp_path) == set()


class TestReaders:
    """pandas, DuckDB, Polars and PyArrow read each table as it lies, while another part is in the making."""

    @pytest.fixture
    def out(self, tmp_path: Path) -> Path:
        sink = ParquetSink(tmp_path)
        for table, rows in examples().items():
            for part, row in zip("ab", rows, strict=True):
                sink.write(table, part, [row])
        (tmp_path / FOLDER / "0123.tmp").write_bytes(b"half a par")
        return tmp_path

    @pytest.mark.parametrize("table", TABLES)
    def test_all_readers_give_the_same_rows(self, out: Path, table: str) -> None:
        expected = ds.dataset(out / table).to_table()
        pandas = pd.read_parquet(out / table, dtype_backend="pyarrow")
        polars = pl.read_parquet(out / table)
        duck = duckdb.sql(f"from read_parquet('{out / table}/*.parquet')").to_arrow_table()
        status = expected.column("outcome" if table == "calls" else "status").to_pylist()
        assert list(pandas["outcome" if table == "calls" else "status"]) == status
        assert polars.to_dicts() == expected.to_pylist() == duck.to_pylist()
        assert list(pandas.columns) == polars.columns == duck.column_names == expected.column_names

    def test_types_are_those_that_an_analyst_expects(self, out: Path) -> None:
        pandas = pd.read_parquet(out / "pages").dtypes.astype(str)
        polars = pl.read_parquet(out / "pages").schema
        duck = duckdb.sql(f"describe from read_parquet('{out}/pages/*.parquet')").fetchall()
        duck_types = {row[0]: str(row[1]) for row in duck}
        expected = {
            "status": ("category", pl.Categorical(), "VARCHAR"),
            "text": ("str", pl.String(), "VARCHAR"),
            "page_no": ("int64", pl.Int64(), "BIGINT"),
            "cost": ("object", pl.Decimal(18, 9), "DECIMAL(18,9)"),
            "finished_at": ("datetime64[us, UTC]", pl.Datetime("us", "UTC"), "TIMESTAMP WITH TIME ZONE"),
            "notes": ("object", pl.List(pl.String()), "VARCHAR[]"),
        }
        assert {name: (pandas[name], polars[name], duck_types[name]) for name in expected} == expected
        assert polars["flags"] == pl.List(pl.Struct({"name": pl.String(), "score": pl.Float64()}))

    def test_every_part_knows_all_statuses(self, out: Path) -> None:
        categories = pd.read_parquet(out / "pages/a.parquet").status.cat.categories
        assert {"ok", "suspect", "failed"} <= set(categories)

    def test_the_documentation_of_a_column_lies_in_the_file(self, out: Path) -> None:
        schema = pq.read_schema(out / "pages/a.parquet")
        assert schema.field("page_no").metadata[b"doc"] == b"number of the page, from 1"
        assert schema.metadata[b"pagemill.schema_version"] == b"1"
        assert not schema.field("page_no").nullable
        assert schema.field("cost").nullable

    def test_folders_named_like_partitions_add_no_columns(self, tmp_path: Path) -> None:
        sink = ParquetSink(tmp_path / "day=3")
        sink.write("pages", "part", [page()])
        assert list(sink.read("pages", "part")) == [page()]


class TestOlderParts:
    def test_a_column_that_a_part_does_not_have_yet_is_null(self, tmp_path: Path) -> None:
        sink = ParquetSink(tmp_path)
        sink.write("pages", "part", [page(language="de")])
        path = tmp_path / "pages/part.parquet"
        pq.write_table(pq.ParquetFile(path).read().drop_columns(["language"]), path)
        assert list(sink.read("pages", "part")) == [page(language=None)]

    def test_a_part_without_a_column_of_the_first_day_is_not_ours(self, tmp_path: Path) -> None:
        sink = ParquetSink(tmp_path)
        sink.write("pages", "part", [page()])
        path = tmp_path / "pages/part.parquet"
        pq.write_table(pq.ParquetFile(path).read().drop_columns(["doc_id"]), path)
        with pytest.raises(OutputFault, match="column doc_id is missing"):
            sink.read("pages", "part")


class TestDamage:
    @pytest.mark.parametrize("position", [30, 3000, -20])
    def test_a_damaged_part_is_named_with_what_to_do(self, tmp_path: Path, position: int) -> None:
        sink = ParquetSink(tmp_path)
        sink.write("pages", "part", [page(text=os.urandom(5000).hex())])
        path = tmp_path / "pages/part.parquet"
        content = bytearray(path.read_bytes())
        content[position] ^= 0xFF
        path.write_bytes(content)
        with pytest.raises(OutputFault, match=r"part\.parquet") as fault:
            sink.read("pages", "part")
        assert "delete that file" in fault.value.advice

    def test_an_empty_file_under_a_part_name_is_damage_too(self, tmp_path: Path) -> None:
        (tmp_path / "pages").mkdir()
        (tmp_path / "pages/part.parquet").touch()
        with pytest.raises(OutputFault):
            ParquetSink(tmp_path).size("pages", "part")


class TestNoRoom:
    @pytest.fixture
    def small_disk(self, tmp_path: Path) -> Iterator[Path]:
        made = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(tmp_path)], capture_output=True, check=False
        )
        if made.returncode:
            pytest.skip("no right to mount a small disk here")
        yield tmp_path
        subprocess.run(["umount", str(tmp_path)], check=True)

    def test_a_full_disk_stops_with_advice_and_leaves_no_half_part(self, small_disk: Path) -> None:
        sink = ParquetSink(small_disk)
        sink.write("pages", "good", [page()])
        with pytest.raises(OutputFault, match="No space left") as fault:
            sink.write("pages", "large", [page(text=os.urandom(100_000).hex())])
        assert fault.value.exit_code is ExitCode.OUTPUT
        assert "free some space" in fault.value.advice
        assert names_below(small_disk) == {"pages/good.parquet"}

    def test_a_full_disk_keeps_the_part_that_was_there(self, small_disk: Path) -> None:
        sink = ParquetSink(small_disk)
        sink.write("pages", "part", [page()])
        with pytest.raises(OutputFault):
            sink.write("pages", "part", [page(text=os.urandom(100_000).hex())])
        assert list(sink.read("pages", "part")) == [page()]

    def test_a_limit_on_file_size_is_named(self, tmp_path: Path) -> None:
        sink = ParquetSink(tmp_path)
        with at_most(20_000), pytest.raises(OutputFault, match="File too large") as fault:
            sink.write("pages", "part", [page(text=os.urandom(100_000).hex())])
        assert "ulimit -f" in fault.value.advice
        assert names_below(tmp_path) == set()

    def test_a_file_in_the_place_of_a_table_is_named(self, tmp_path: Path) -> None:
        (tmp_path / "pages").touch()
        with pytest.raises(OutputFault, match="pages") as fault:
            ParquetSink(tmp_path).write("pages", "part", [page()])
        assert "choose another --out" in fault.value.advice

    def test_a_disk_that_is_read_only_is_named(self, small_disk: Path) -> None:
        sink = ParquetSink(small_disk)
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        with pytest.raises(OutputFault, match="Read-only file system") as fault:
            sink.write("pages", "part", [page()])
        assert "mounted read-only" in fault.value.advice

    def test_a_folder_without_the_right_to_write_is_named(self, tmp_path: Path) -> None:
        sink = ParquetSink(tmp_path)
        tmp_path.chmod(0o500)
        with as_nobody(), pytest.raises(OutputFault, match="Permission denied") as fault:
            sink.write("pages", "part", [page()])
        assert "right to write" in fault.value.advice


@contextmanager
def as_nobody() -> Iterator[None]:
    """Root may write anywhere, so be somebody else for a while."""
    if os.geteuid():
        yield
        return
    os.seteuid(65_534)
    try:
        yield
    finally:
        os.seteuid(0)


@contextmanager
def at_most(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
