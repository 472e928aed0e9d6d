"""Whatever bytes a document holds, it comes to a status, and the run to its end."""

from __future__ import annotations

from itertools import islice
from random import Random
from typing import TYPE_CHECKING, get_args

import pytest

from flows.cli import main
from schemas.errors import DocumentError, ExitCode
from schemas.records import PageStatus
from tests.hardening.mutants import mutants, seeds
from tests.hardening.spoken import words

if TYPE_CHECKING:
    from pathlib import Path

    from tests.mill import Mill

pytestmark = pytest.mark.xdist_group("hardening-mutants")

FEW, MANY = 36, 1_000


def kinds(error: type[DocumentError] = DocumentError) -> set[str]:
    return {error.kind}.union(*(kinds(each) for each in error.__subclasses__()))


def write_mutants(folder: Path, count: int, seed: int) -> None:
    folder.mkdir(exist_ok=True)
    made = folder.with_name("seeds")
    made.mkdir()
    for number, data in enumerate(islice(mutants(seeds(made), Random(seed)), count)):
        (folder / f"{number:04}").write_bytes(data)


def check(mill: Mill, capsys: pytest.CaptureFixture[str], count: int) -> None:
    """Every file has its row, every page of those that opened as well, and each says what it is in a sentence."""
    options = ["--render-timeout", "20", "--render-memory-mb", "1024", "--shard-pages", "50", "--workers", "2"]

    exit_code = main([*words(mill), *options])

    told = capsys.readouterr()
    assert exit_code == ExitCode.PAGES_MISSING, told.err
    assert "Traceback" not in told.err + told.out
    files, pages = mill.table("files"), mill.table("pages")
    assert len(files) == count
    assert not pages.duplicated(["source", "page_no"]).any()
    assert len(pages) == files["pages_selected"].sum()
    assert set(pages["status"]) <= set(get_args(PageStatus))
    refused = files[files["pages_selected"] == 0]
    assert set(refused["error_kind"]) <= kinds()
    unread = pages[pages["status"] == "failed"]
    assert set(unread["error_kind"]) <= kinds()
    said = [*refused["error_message"], *unread["error_message"]]
    assert all(said)
    assert not [words for words in said if "Traceback" in words or "\n" in words or len(words) > 1_000]


def test_a_few_dozen_mutants_come_to_their_statuses(mill, capsys):
    write_mutants(mill.source, FEW, seed=1)
    check(mill, capsys, FEW)


@pytest.mark.long
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [2, 3])
def test_a_thousand_mutants_come_to_their_statuses(mill, capsys, seed):
    write_mutants(mill.source, MANY, seed)
    check(mill, capsys, MANY)
