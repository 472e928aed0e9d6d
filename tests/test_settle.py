from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from flows.summary import last_line, lines
from schemas.config import RunConfig
from schemas.documents import RejectedDocument, SourceFile
from schemas.durations import parse_duration
from schemas.errors import DocumentChanged, MissingDocument
from tasks.discover import discover
from tasks.settle import settled, unsettled_by_change
from tests.mill import Memory, Mill, card

if TYPE_CHECKING:
    from tests.emulator import Emulator

NOW = 1_800_000_000.0


def left_alone_for(path: Path, seconds: float, *, now: float = NOW) -> Path:
    """A file that was last written to so long ago."""
    path.write_bytes(path.read_bytes() if path.exists() else b"something")
    os.utime(path, (now - seconds, now - seconds))
    return path


def kinds(folder: Path, seconds: float, *, now: float = NOW) -> dict[str, str | None]:
    found = settled(discover([str(folder)]), seconds, now=lambda: now)
    return {
        one.file.name if isinstance(one, RejectedDocument) else one.name: one.error.kind
        if isinstance(one, RejectedDocument)
        else None
        for one in found
    }


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("1.5m", 90), ("2 h", 7_200), ("1d", 86_400), (None, 0)])
def test_lengths_of_time_are_read_as_people_write_them(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["30", "", "s", "-3s", "1h30m", "soon"])
def test_what_is_no_length_of_time_is_refused_with_its_option(text):
    with pytest.raises(ValidationError, match="30s, 5m, 2h or 1d"):
        RunConfig(sources=("in",), out="out", settle=text)


def test_only_what_was_left_alone_for_the_stated_time_is_read(tmp_path):
    left_alone_for(tmp_path / "done.pdf", 30)
    left_alone_for(tmp_path / "growing.pdf", 29)
    assert kinds(tmp_path, 30) == {"done.pdf": None, "growing.pdf": "unsettled"}
    assert kinds(tmp_path, 0) == {"done.pdf": None, "growing.pdf": None}


def test_an_empty_file_is_one_that_somebody_has_begun_until_it_is_left_alone(tmp_path):
    left_alone_for(tmp_path / "begun.pdf", 5)
    (tmp_path / "begun.pdf").write_bytes(b"")
    os.utime(tmp_path / "begun.pdf", (NOW - 5, NOW - 5))
    assert kinds(tmp_path, 30) == {"begun.pdf": "unsettled"}
    assert kinds(tmp_path, 3) == {"begun.pdf": "empty"}


def test_a_time_that_lies_ahead_is_not_believed_for_good(tmp_path):
    left_alone_for(tmp_path / "future.pdf", -86_400 * 365, now=time.time())
    assert kinds(tmp_path, 30, now=time.time()) == {"future.pdf": "unsettled"}
    assert kinds(tmp_path, 30, now=time.time() + 31) == {"future.pdf": None}


def test_what_changes_while_it_is_read_waits_as_well_where_waiting_was_asked_for():
    file = SourceFile("a.pdf", "a.pdf", "a.pdf", 1, None, 0)
    changed = RejectedDocument(file, DocumentChanged("the file changed after it was found"))
    missing = RejectedDocument(file, MissingDocument("nothing stands there"))
    assert unsettled_by_change(changed, 30).error.kind == "unsettled"
    assert unsettled_by_change(changed, 0) is changed
    assert unsettled_by_change(missing, 30) is missing


@pytest.fixture
def mill(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Mill:
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    (tmp_path / "in").mkdir()
    return Mill(tmp_path / "in", tmp_path / "out", emulator)


async def test_a_file_that_is_being_written_is_left_for_the_next_run_and_has_no_row(mill):
    left_alone_for(card(mill.source / "done.png", "done"), 3_600, now=time.time())
    growing = card(mill.source / "growing.png", "half")
    memory = Memory()

    first = await mill.run(settle="60s", memory=memory)
    assert (first.status, first.files, first.pages, first.files_unsettled) == ("success", 1, 1, 1)
    assert [(one.file.name, one.error.kind) for one in memory.rejections] == [("growing.png", "unsettled")]
    assert list(mill.table("files")["name"]) == ["done.png"]
    assert "1 file left for the next run" in last_line(first).plain
    assert ("left", "1 file for the next run: still being written") in list(lines(first))

    left_alone_for(growing, 61, now=time.time())
    second = await mill.run(settle="60s")
    assert (second.status, second.files, second.pages_kept, second.files_unsettled) == ("success", 2, 1, 0)
    assert sorted(mill.table("files")["name"]) == ["done.png", "growing.png"]
    assert "left" not in last_line(second).plain


async def test_an_inbox_in_which_everything_is_still_being_written_is_no_failure(mill):
    card(mill.source / "growing.png", "half")
    record = await mill.run(settle="1h")
    assert (record.status, record.exit_code, record.files, record.files_unsettled) == ("success", 0, 0, 1)


async def test_rows_of_the_version_before_stand_while_the_next_is_being_written(mill):
    letter = left_alone_for(card(mill.source / "letter.png", "first"), 3_600, now=time.time())
    await mill.run(settle="60s")
    before = mill.table("files")
    card(letter, "second")
    record = await mill.run(settle="60s")
    assert (record.status, record.files_unsettled) == ("success", 1)
    assert mill.table("files").equals(before)
