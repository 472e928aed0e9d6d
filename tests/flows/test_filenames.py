from __future__ import annotations

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.filenames import assigned, safe_path
from flows.results.finding import Reading


def reading(name, source=None, operation="text", model="m"):
    return Reading(source or f"/in/{name}", name, operation, model)


def names(*readings):
    return [str(path) for path in assigned(readings, ".md").values()]


def test_names_are_those_of_the_files_with_an_ending():
    assert names(reading("sub/b.pdf"), reading("合同 1.pdf")) == ["sub/b.pdf.md", "合同 1.pdf.md"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd", "_/_/etc/passwd"),
        ("/abs/x", "abs/x"),
        ("a\x1b[31m\nb", "a_[31m_b"),
        ("a\u202eb", "a_b"),
        ('<b>:"|?*\\', "_b_______"),
        ("con.pdf", "_con.pdf"),
        (".aside/x", "_aside/x"),
        ("dot. /x ", "dot/x"),
        ("", "_"),
    ],
)
def test_a_name_is_made_harmless(name, safe):
    assert safe_path(name) == safe


def test_a_long_name_is_cut_and_stays_one_of_its_own():
    first, second = names(reading("契" * 100 + "1.pdf"), reading("契" * 100 + "2.pdf"))
    assert first != second
    assert all(len(PurePosixPath(path).name.encode()) < 255 for path in (first, second))


@pytest.mark.parametrize(
    "others",
    [
        (reading("a.pdf", "/one/a.pdf"), reading("a.pdf", "/two/a.pdf")),
        (reading("a.pdf"), reading("A.PDF")),
        (reading("caf\u00e9"), reading("cafe\u0301")),
        (reading("a.pdf", model="x"), reading("a.pdf", model="y")),
        (reading("a.pdf", operation="text"), reading("a.pdf", operation="translation")),
        (reading("a?.pdf"), reading("a*.pdf")),
    ],
)
def test_where_names_clash_each_is_told_apart_whichever_came_first(others):
    chosen = assigned(others, ".md")
    assert len({str(path).casefold() for path in chosen.values()}) == 2
    assert chosen == assigned(others[::-1], ".md")
    assert all("text-" in str(path) or "translation-" in str(path) for path in chosen.values())


def test_a_file_does_not_stand_where_a_folder_must():
    chosen = names(reading("a"), reading("a.md/b"))
    assert chosen[1] == "a.md/b.md"
    assert chosen[0] != "a.md"


NAMES = st.lists(st.sampled_from(["a", "A", "a.md", "..", ".", "", "x" * 300, "\x00", "é", "e\u0301"]), max_size=4)


@settings(max_examples=80)
@given(st.lists(NAMES.map("/".join), max_size=6, unique=True))
def test_every_name_is_relative_its_own_and_no_folder_of_another(found):
    paths = list(assigned([reading(name) for name in found], ".md").values())
    folded = {str(path).casefold() for path in paths}
    assert len(folded) == len(paths)
    for path in paths:
        assert not path.is_absolute()
        assert ".." not in path.parts
        assert folded.isdisjoint(str(parent).casefold() for parent in path.parents)
