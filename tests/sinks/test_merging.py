"""Parts merged and split: the same rows under the same names, in one swap, whatever goes wrong."""

from __future__ import annotations

import hashlib
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import OutputFault
from schemas.records import TABLES
from tasks.aside import FOLDER
from tasks.sinks import folders, merging
from tasks.sinks.merging import PartFile, plan
from tasks.sinks.parquet import ParquetSink
from tests.sinks.rows import examples, page

LARGE = 10**9


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    monkeypatch.setattr(folders, "LISTING", -1.0)


@pytest.fixture
def sink(tmp_path):
    """A dozen small parts, whose names say nothing of the order of their files."""
    sink = ParquetSink(tmp_path)
    for number in range(12):
        rows = [page(source=f"/in/{99 - number}.pdf", page_no=n, text="words") for n in range(1, 12 + number)]
        sink.write("pages", f"{number * 7 % 12:02}ab", rows)
    return sink


def rows_of(sink):
    return {part: sink.read("pages", part) for part in sink.parts("pages")}


def count(folder: Path) -> int:
    return ds.dataset(folder).count_rows()


def digests(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def test_many_parts_become_one_file_and_are_found_under_their_names(sink, tmp_path):
    before = rows_of(sink)
    sink.merge("pages", target_bytes=LARGE)
    (merged,) = sink.parts("pages")
    assert merged.startswith("merged-")
    assert {part: sink.read("pages", part) for part in before} == before
    assert len(sink.read("pages", merged)) == sum(map(len, before.values()))
    assert ParquetSink(tmp_path).read("pages", "07ab") == before["07ab"]
    assert list(sink.read("pages", "nothing")) == []


@pytest.mark.parametrize("table", TABLES)
def test_every_table_can_be_merged(table, tmp_path):
    sink = ParquetSink(tmp_path)
    for part, row in zip("ab", examples()[table], strict=True):
        sink.write(table, part, [row])
    sink.write(table, "empty", [])
    sink.merge(table, target_bytes=LARGE)
    assert len(sink.parts(table)) == 1
    assert [*sink.read(table, "a"), *sink.read(table, "b")] == examples()[table]
    assert list(sink.read(table, "empty")) == []


def test_rows_are_ordered_by_file_so_that_groups_prune(sink, tmp_path, monkeypatch):
    monkeypatch.setattr(merging, "ROWS_PER_GROUP", 100)
    before = rows_of(sink)
    sink.merge("pages", target_bytes=LARGE)
    (path,) = (tmp_path / "pages").iterdir()
    sources = pq.read_table(path, columns=["source"])["source"].to_pylist()
    assert sources == sorted(sources)
    assert pq.read_metadata(path).num_row_groups > 1
    assert {part: sink.read("pages", part) for part in before} == before


def groups_with(folder: Path, wanted: ds.Expression) -> tuple[int, int]:
    """How many groups of rows a reader has to open for what it wants, by their statistics, and how many there are."""
    fragments = list(ds.dataset(folder).get_fragments())
    return (
        sum(len(fragment.split_by_row_group(wanted)) for fragment in fragments),
        sum(fragment.num_row_groups for fragment in fragments),
    )


def test_groups_prune_by_operation_day_and_file_as_folders_would(tmp_path, monkeypatch):
    monkeypatch.setattr(merging, "ROWS_PER_GROUP", 10)
    sink, days = ParquetSink(tmp_path), [datetime(2026, 3, day, 23, tzinfo=UTC) for day in range(1, 6)]
    for number in range(50):
        operation, day = ("text", "translation")[number % 2], days[number // 2 % 5]
        rows = [
            page(operation=operation, finished_at=day, source=f"/in/{number // 10}.pdf", page_no=n) for n in range(10)
        ]
        sink.write("pages", f"{number * 31 % 50:02}", rows)
    sink.merge("pages", target_bytes=LARGE)

    asked, day = ds.field("operation") == "text", ds.field("finished_at") == days[2]
    assert len(list((tmp_path / "pages").iterdir())) == 1
    assert groups_with(tmp_path / "pages", asked) == (25, 50)
    assert groups_with(tmp_path / "pages", asked & day) == (5, 50)
    assert groups_with(tmp_path / "pages", asked & day & (ds.field("source") == "/in/3.pdf")) == (1, 50)
    assert groups_with(tmp_path / "pages", ds.field("source") == "/in/3.pdf") == (10, 50)


def test_writing_a_part_that_was_merged_gives_back_all_parts_byte_for_byte(sink, tmp_path):
    before, bytes_before = rows_of(sink), digests(tmp_path / "pages")
    sink.merge("pages", target_bytes=LARGE)
    sink.write("pages", "07ab", before["07ab"][:1])
    assert sink.read("pages", "07ab") == before["07ab"][:1]
    assert sink.parts("pages") == sorted(before)
    sink.write("pages", "07ab", before["07ab"])
    assert digests(tmp_path / "pages") == bytes_before


def test_only_the_file_that_holds_the_part_is_split(sink):
    before = rows_of(sink)
    one_part = 25_000
    sink.merge("pages", target_bytes=4 * one_part)
    merged = set(sink.parts("pages"))
    assert len(merged) > 2
    sink.write("pages", "07ab", before["07ab"])
    assert len(merged - set(sink.parts("pages"))) == 1
    assert {part: sink.read("pages", part) for part in before} == before


def test_merged_files_that_are_still_small_are_merged_again(sink):
    before = rows_of(sink)
    sink.merge("pages", target_bytes=100_000)
    sink.merge("pages", target_bytes=LARGE)
    assert len(sink.parts("pages")) == 1
    assert {part: sink.read("pages", part) for part in before} == before


def test_a_table_that_needs_no_merging_is_left_as_it_is(sink, tmp_path):
    sink.merge("pages", target_bytes=LARGE)
    inode = (tmp_path / "pages").stat().st_ino
    sink.merge("pages", target_bytes=LARGE)
    sink.merge("calls", target_bytes=LARGE)
    assert (tmp_path / "pages").stat().st_ino == inode


def test_parts_that_are_to_be_left_alone_are_and_strange_files_stay(sink, tmp_path):
    (tmp_path / "pages" / "README").write_text("mine")
    sink.merge("pages", target_bytes=LARGE, leave=frozenset({"03ab"}))
    assert [part for part in sink.parts("pages") if not part.startswith("merged-")] == ["03ab"]
    assert (tmp_path / "pages" / "README").read_text() == "mine"


def test_a_merge_that_fails_leaves_the_table_as_it_was_and_nothing_behind(sink, tmp_path):
    (tmp_path / "pages" / "zz.parquet").write_bytes(b"PAR1 and nothing")
    before = digests(tmp_path / "pages")
    with pytest.raises(OutputFault, match=r"zz\.parquet"):
        sink.merge("pages", target_bytes=LARGE)
    (tmp_path / "pages" / "zz.parquet").write_bytes(_broken(tmp_path / "pages" / "00ab.parquet"))
    before = digests(tmp_path / "pages")
    with pytest.raises(OutputFault, match=r"zz\.parquet"):
        sink.merge("pages", target_bytes=LARGE)
    assert digests(tmp_path / "pages") == before
    ParquetSink(tmp_path)
    assert not list((tmp_path / FOLDER).iterdir())


def _broken(part: Path) -> bytes:
    """Turn a bit among the rows: in the last byte of the first column."""
    column = pq.read_metadata(part).row_group(0).column(0)
    starts = [column.data_page_offset, column.dictionary_page_offset or column.data_page_offset]
    last = min(starts) + column.total_compressed_size - 1
    data = bytearray(part.read_bytes())
    data[last] ^= 1
    return bytes(data)


def test_parts_of_a_newer_version_are_not_cut_down_to_this_one(sink, tmp_path):
    path = tmp_path / "pages" / "00ab.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.append_column("mood", pa.array(["good"] * rows.num_rows)), path)
    with pytest.raises(OutputFault, match="columns that this version does not know: mood"):
        sink.merge("pages", target_bytes=LARGE)
    status = rows["status"].cast(pa.string()).combine_chunks().fill_null("")
    shifted = pa.array(["wonderful"] * len(status)).dictionary_encode()
    pq.write_table(rows.set_column(rows.column_names.index("status"), "status", shifted), path)
    with pytest.raises(OutputFault, match="a value in column status that this version does not know"):
        sink.merge("pages", target_bytes=LARGE)


def test_parts_of_an_older_version_get_the_columns_that_they_lack(sink, tmp_path):
    path = tmp_path / "pages" / "00ab.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["ocr_score"]), path)
    before = rows_of(sink)
    sink.merge("pages", target_bytes=LARGE)
    assert {part: sink.read("pages", part) for part in before} == before
    assert "ocr_score" in pq.read_schema(next((tmp_path / "pages").iterdir())).names


def test_where_folders_cannot_be_swapped_that_is_said_before_anything_is_written(sink, tmp_path, monkeypatch):
    class NoLibrary:
        def __init__(self, *_, **__):
            """It has no function at all."""

    monkeypatch.setattr(folders.ctypes, "CDLL", NoLibrary)
    before = digests(tmp_path / "pages")
    with pytest.raises(OutputFault, match="cannot swap two folders at once") as caught:
        sink.merge("pages", target_bytes=LARGE)
    assert "local disk" in caught.value.advice
    assert digests(tmp_path / "pages") == before


def test_what_is_in_the_making_is_not_cleared_by_another(sink, tmp_path):
    with suppress(ZeroDivisionError), folders.rebuilt(tmp_path, tmp_path / "pages") as new:
        ParquetSink(tmp_path)
        assert new.is_dir()
        raise ZeroDivisionError
    ParquetSink(tmp_path)
    assert not new.exists()
    assert len(sink.parts("pages")) == 12


def test_a_folder_that_was_replaced_stays_while_somebody_may_be_listing_it(sink, tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "LISTING", 3_600.0)
    sink.merge("pages", target_bytes=LARGE)
    (old,) = (tmp_path / FOLDER).iterdir()
    assert len(list(old.iterdir())) == 12


def _by_duckdb(folder: Path) -> int:
    with duckdb.connect() as database:
        return database.execute("select count(page_no) from read_parquet(?)", [f"{folder}/*.parquet"]).fetchall()[0][0]


READERS = {
    "pyarrow": count,
    "pandas": lambda folder: len(pd.read_parquet(folder, columns=["page_no"])),
    "polars": lambda folder: pl.scan_parquet(folder).select(pl.len()).collect().item(),
    "duckdb": _by_duckdb,
}


@pytest.mark.parametrize("reader", READERS)
def test_while_parts_are_merged_and_split_a_reader_sees_every_row_once_or_a_file_that_is_gone(
    reader, sink, tmp_path, monkeypatch
):
    monkeypatch.setattr(folders, "LISTING", 3_600.0)  # however slow this machine is, no listing is cut short
    expected = count(tmp_path / "pages")
    rows = sink.read("pages", "07ab")
    over = threading.Event()

    def work():
        for _ in range(3):
            sink.merge("pages", target_bytes=LARGE)
            sink.write("pages", "07ab", rows)
        over.set()

    worker = threading.Thread(target=work)
    worker.start()
    seen = []
    while not over.is_set():
        try:
            seen.append(READERS[reader](tmp_path / "pages"))
        except (OSError, duckdb.IOException, pl.exceptions.ComputeError) as error:
            assert "parquet" in str(error)  # noqa: PT017 - which file is gone is told
    worker.join()
    assert set(seen) <= {expected}
    assert READERS[reader](tmp_path / "pages") == expected


def test_our_own_reading_looks_again_and_always_succeeds(sink):
    before = rows_of(sink)
    over = threading.Event()

    def work():
        for _ in range(3):
            sink.merge("pages", target_bytes=LARGE)
            sink.write("pages", "07ab", before["07ab"])
        over.set()

    worker = threading.Thread(target=work)
    worker.start()
    while not over.is_set():
        for part in ("00ab", "07ab", "11ab"):
            assert sink.read("pages", part) == before[part]
    worker.join()


def test_parts_written_while_another_part_is_split_off_are_not_lost(sink, tmp_path):
    before = rows_of(sink)
    sink.merge("pages", target_bytes=LARGE)
    fresh = {f"new{number}": [page(source=f"/new/{number}", page_no=1)] for number in range(8)}
    threads = [threading.Thread(target=sink.write, args=("pages", part, rows)) for part, rows in fresh.items()]
    threads.append(threading.Thread(target=sink.write, args=("pages", "07ab", before["07ab"])))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert rows_of(ParquetSink(tmp_path)) == before | fresh


def part(number: int, size: int) -> PartFile:
    return PartFile(Path(f"/out/pages/{number}.parquet"), size, ("text", f"/in/{number:04}"))


@given(st.lists(st.integers(0, 300), max_size=40), st.integers(1, 400))
def test_groups_are_of_small_parts_near_the_target_and_in_order(sizes, target):
    parts = [part(number, size) for number, size in enumerate(sizes)]
    groups = plan(parts, target)
    for group in groups:
        assert len(group) > 1
        assert sum(item.size_bytes for item in group) <= target
        assert all(item.size_bytes < target / 2 for item in group)
    grouped = [item for group in groups for item in group]
    assert len(grouped) == len(set(grouped))
    assert [item.first for item in grouped] == sorted(item.first for item in grouped)


def test_parts_without_rows_come_first():
    empty = PartFile(Path("/out/pages/z.parquet"), 1, None)
    assert plan([part(2, 1), empty, part(1, 1)], 100) == [[empty, part(1, 1), part(2, 1)]]


def test_replaced_rows_do_not_hide_in_a_merged_file_made_again(sink):
    before = rows_of(sink)
    for mark in ("first", "second"):
        sink.merge("pages", target_bytes=LARGE)
        changed = [replace(row, text=mark) for row in before["07ab"]]
        sink.write("pages", "07ab", changed)
        sink.merge("pages", target_bytes=LARGE)
        assert sink.read("pages", "07ab") == changed
