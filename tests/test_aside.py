from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.errors import OutputFault
from tasks.aside import FOLDER, place_once, sweep, written_aside

WRITER = """
import sys
from pathlib import Path
from tasks.aside import written_aside
with written_aside(Path(sys.argv[1]), Path(sys.argv[1]) / "slow") as file:
    file.write(b"half")
    file.flush()
    print("writing", flush=True)
    sys.stdin.read()
"""


def in_the_making(root: Path) -> list[Path]:
    return list((root / FOLDER).glob("*"))


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        yield process
        process.kill()


def test_nothing_stands_under_the_final_name_before_the_end(tmp_path: Path) -> None:
    final = tmp_path / "table" / "part"
    with written_aside(tmp_path, final) as file:
        file.write(b"whole")
        assert not final.exists()
    assert final.read_bytes() == b"whole"
    assert in_the_making(tmp_path) == []


def _interrupted(root: Path, final: Path) -> None:
    with written_aside(root, final) as file:
        file.write(b"new")
        raise KeyboardInterrupt


def test_a_fault_on_the_way_leaves_nothing_and_the_old_file(tmp_path: Path) -> None:
    final = tmp_path / "part"
    final.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        _interrupted(tmp_path, final)
    assert final.read_bytes() == b"old"
    assert in_the_making(tmp_path) == []


def test_files_have_the_rights_that_the_user_gives_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        with written_aside(tmp_path, tmp_path / "part"):
            pass
    finally:
        os.umask(before)
    assert (tmp_path / "part").stat().st_mode & 0o777 == 0o640


def test_of_two_writers_the_first_one_wins_where_that_is_asked_for(tmp_path: Path) -> None:
    for content in (b"first", b"second"):
        with written_aside(tmp_path, tmp_path / "marker", place=place_once) as file:
            file.write(content)
    assert (tmp_path / "marker").read_bytes() == b"first"
    assert in_the_making(tmp_path) == []


def test_what_a_dead_writer_left_is_swept(tmp_path: Path, writer: subprocess.Popen[bytes]) -> None:
    writer.kill()
    writer.wait()
    assert len(in_the_making(tmp_path)) == 1
    assert sweep(tmp_path) == 1
    assert in_the_making(tmp_path) == []


def test_what_a_living_writer_is_at_is_left_alone(tmp_path: Path, writer: subprocess.Popen[bytes]) -> None:
    assert sweep(tmp_path) == 0
    writer.communicate()
    assert (tmp_path / "slow").read_bytes() == b"half"


def test_a_file_where_a_folder_should_be_is_a_fault_with_advice(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with (
        pytest.raises(OutputFault, match="cannot write") as fault,
        written_aside(tmp_path / "out", tmp_path / "out" / "part"),
    ):
        pass
    assert "--out" in fault.value.advice
