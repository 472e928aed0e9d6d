from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schemas.errors import OutputFault
from schemas.records import TABLES
from tasks.dataset import MANIFEST, MARKER, find_dataset, open_dataset, read_manifest, write_manifest
from tasks.sinks.parquet import ParquetSink
from tests.sinks.rows import examples, page


def test_an_output_keeps_its_name(tmp_path: Path) -> None:
    made = open_dataset(tmp_path / "new" / "out")
    assert made.created_by.startswith("pagemill ")
    assert open_dataset(tmp_path / "new" / "out") == made == find_dataset(tmp_path / "new" / "out")


def test_two_runs_that_make_an_output_at_once_agree_on_its_name(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(open_dataset, [tmp_path / "out"] * 16))
    assert len(set(made)) == 1


def test_looking_for_an_output_makes_none(tmp_path: Path) -> None:
    assert find_dataset(tmp_path / "nothing") is None
    assert list(tmp_path.iterdir()) == []


def test_a_fresh_disk_counts_as_empty(tmp_path: Path) -> None:
    (tmp_path / "lost+found").mkdir()
    assert open_dataset(tmp_path)


def test_a_folder_with_something_else_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").touch()
    with pytest.raises(OutputFault, match=r"is not empty and not an output .*thesis\.doc") as fault:
        open_dataset(tmp_path)
    assert "new folder" in fault.value.advice
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.doc"]


def test_a_file_is_refused_as_output(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(OutputFault, match="cannot write"):
        open_dataset(tmp_path / "out")


def test_a_newer_layout_is_refused(tmp_path: Path) -> None:
    marker = {"layout_version": 99, "dataset_id": "x", "created_by": "pagemill 9.0"}
    (tmp_path / MARKER).write_text(json.dumps(marker))
    with pytest.raises(OutputFault, match=r"made by pagemill 9\.0") as fault:
        open_dataset(tmp_path)
    assert "upgrade pagemill" in fault.value.advice


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"layout_version": "one"}', "null"])
def test_a_damaged_marker_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / MARKER).write_text(content)
    with pytest.raises(OutputFault, match="is damaged"):
        open_dataset(tmp_path)


def test_the_manifest_lists_what_is_there(tmp_path: Path) -> None:
    info = open_dataset(tmp_path)
    sink = ParquetSink(tmp_path)
    assert read_manifest(tmp_path) is None
    for table, rows in examples().items():
        sink.write(table, "one", rows)
    sink.write("pages", "two", [page()])
    written = write_manifest(tmp_path, sink, "run-1")
    assert read_manifest(tmp_path) == written
    assert (written.dataset_id, written.run_id) == (info.dataset_id, "run-1")
    assert {table: written.rows(table) for table in TABLES} == {"pages": 3, "files": 2, "calls": 2, "runs": 2}
    assert written.tables["pages"]["two"].size_bytes == (tmp_path / "pages/two.parquet").stat().st_size


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"tables": {"pages": {"one": {"lines": 1}}}}'])
def test_a_damaged_manifest_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / MANIFEST).write_text(content)
    with pytest.raises(OutputFault, match="is damaged"):
        read_manifest(tmp_path)
