from __future__ import annotations

import io
import os
import socket
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.documents import RejectedDocument, SourceFile
from schemas.errors import UsageFault
from tasks.discover import discover


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def names(*sources: str | Path, **options: object) -> list[str]:
    return [
        each.name for each in discover([str(source) for source in sources], **options) if isinstance(each, SourceFile)
    ]


def refusals(*sources: str | Path) -> dict[str, str]:
    return {
        each.file.name: each.error.kind
        for each in discover([str(source) for source in sources])
        if isinstance(each, RejectedDocument)
    }


def test_a_folder_is_read_with_all_its_folders_in_the_order_of_path_bytes(tmp_path):
    write(tmp_path, "b.pdf", "a/2.pdf", "a/1.pdf", "a.pdf", "a!.pdf", "Z.pdf", "ä.pdf", "a/b/c.pdf")
    ordered = names(tmp_path)
    assert ordered == sorted(ordered, key=os.fsencode)
    assert ordered == ["Z.pdf", "a!.pdf", "a.pdf", "a/1.pdf", "a/2.pdf", "a/b/c.pdf", "b.pdf", "ä.pdf"]


def test_a_file_tells_where_it_is_how_large_and_when_it_changed(tmp_path):
    write(tmp_path, "in/a.pdf")
    os.utime(tmp_path / "in/a.pdf", ns=(1, 1_700_000_000_123_456_789))
    (file,) = discover([str(tmp_path)])
    assert isinstance(file, SourceFile)
    assert (file.path, file.source, file.name) == (str(tmp_path / "in/a.pdf"), str(tmp_path / "in/a.pdf"), "in/a.pdf")
    assert (file.size_bytes, file.mtime_ns) == (8, 1_700_000_000_123_456_789)
    assert file.modified_at is not None
    assert file.modified_at.isoformat().startswith("2023-11-14T22:13:20.123456")


def test_only_a_file_that_was_named_itself_is_explicit(tmp_path):
    write(tmp_path, "a.pdf", "b/c.pdf")
    files = discover([str(tmp_path / "a.pdf"), str(tmp_path / "b"), str(tmp_path / "*.pdf")])
    assert [(each.name, each.explicit) for each in files if isinstance(each, SourceFile)] == [
        ("a.pdf", True),
        ("c.pdf", False),
    ]


def test_a_relative_path_is_made_absolute(tmp_path, monkeypatch):
    write(tmp_path, "in/a.pdf")
    monkeypatch.chdir(tmp_path)
    (file,) = discover(["in/../in/a.pdf"])
    assert isinstance(file, SourceFile)
    assert file.source == str(tmp_path / "in/a.pdf")


def test_a_file_is_given_once_however_often_it_is_named(tmp_path):
    write(tmp_path, "a.pdf", "b/c.pdf")
    (tmp_path / "b/link.pdf").symlink_to(tmp_path / "a.pdf")
    assert names(tmp_path / "a.pdf", tmp_path, tmp_path / "b", tmp_path / "*.pdf") == ["a.pdf", "b/c.pdf"]


def test_hard_links_are_files_of_their_own(tmp_path):
    write(tmp_path, "a.pdf")
    os.link(tmp_path / "a.pdf", tmp_path / "b.pdf")
    assert names(tmp_path) == ["a.pdf", "b.pdf"]


def test_hidden_files_and_excluded_folders_are_left_out_unless_named(tmp_path):
    write(tmp_path, "a.pdf", ".b.pdf", ".git/c.pdf", "out/d.pdf", "out2/e.pdf")
    assert names(tmp_path, exclude=[tmp_path / "out"]) == ["a.pdf", "out2/e.pdf"]
    assert names(tmp_path / ".b.pdf", tmp_path / ".git") == [".b.pdf", "c.pdf"]
    assert names(tmp_path / "**/*.pdf", exclude=[tmp_path / "out"]) == ["a.pdf", "out2/e.pdf"]


def test_patterns_match_in_one_folder_or_in_all(tmp_path):
    write(tmp_path, "a.pdf", "b.png", "x/c.pdf", "x/y/d.pdf", "x/y/[e].pdf")
    assert names(tmp_path / "*.pdf") == ["a.pdf"]
    assert names(tmp_path / "**/*.pdf") == ["a.pdf", "x/c.pdf", "x/y/[e].pdf", "x/y/d.pdf"]
    assert names(tmp_path / "x/**/d.*") == ["y/d.pdf"]
    assert names(tmp_path / "?/[yz]") == ["x/y/[e].pdf", "x/y/d.pdf"]
    assert names(tmp_path / "x/y/[e].pdf") == ["[e].pdf"]
    assert refusals(tmp_path / "*.tiff") == {"*.tiff": "missing"}


def test_a_list_names_a_path_a_line(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "a b.pdf", "c/d.pdf", "#e.pdf")
    (tmp_path / "list.txt").write_bytes(b"\xef\xbb\xbfa b.pdf\r\n\nc\n#e.pdf\ngone.pdf")
    assert names("@list.txt") == ["a b.pdf", "d.pdf", "#e.pdf"]
    assert refusals("@list.txt") == {"gone.pdf": "missing"}
    assert names("-", stdin=io.StringIO("c/d.pdf\n#e.pdf\n")) == ["d.pdf", "#e.pdf"]


def test_a_list_that_is_not_there_stops_the_run_with_advice(tmp_path):
    with pytest.raises(UsageFault, match=r"list .*none\.txt cannot be read") as fault:
        list(discover([f"@{tmp_path}/none.txt"]))
    assert fault.value.advice


def test_what_cannot_be_read_is_refused_by_name_and_the_walk_goes_on(tmp_path):
    write(tmp_path, "a.pdf", "z.pdf")
    (tmp_path / "empty.pdf").touch()
    os.mkfifo(tmp_path / "pipe.pdf")
    (tmp_path / "loop.pdf").symlink_to("loop.pdf")
    (tmp_path / "dangling.pdf").symlink_to("gone.pdf")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket.pdf"))
        assert refusals(tmp_path, tmp_path / "none.pdf", "/dev/null") == {
            "empty.pdf": "empty",
            "pipe.pdf": "not_a_file",
            "socket.pdf": "not_a_file",
            "loop.pdf": "unreadable",
            "dangling.pdf": "missing",
            "none.pdf": "missing",
            "null": "not_a_file",
        }
    assert names(tmp_path) == ["a.pdf", "z.pdf"]


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_what_the_system_forbids_is_unreadable(tmp_path):  # pragma: no cover - not as the superuser
    write(tmp_path, "a.pdf", "b/c.pdf")
    (tmp_path / "a.pdf").chmod(0)
    (tmp_path / "b").chmod(0)
    try:
        assert refusals(tmp_path) == {"a.pdf": "unreadable", "b": "unreadable"}
    finally:
        (tmp_path / "b").chmod(0o700)


def test_a_path_longer_than_the_system_allows_is_unreadable(tmp_path):
    assert set(refusals(tmp_path / ("x" * 300)).values()) == {"unreadable"}


def test_folders_that_link_to_each_other_end(tmp_path):
    write(tmp_path, "a/1.pdf", "b/2.pdf")
    (tmp_path / "a/up").symlink_to(tmp_path)
    (tmp_path / "b/a").symlink_to(tmp_path / "a")
    assert sorted(name.rsplit("/", 1)[-1] for name in names(tmp_path)) == ["1.pdf", "2.pdf"]
    assert names(tmp_path / "**/1.pdf") == ["a/1.pdf"]


def test_hostile_names_become_clean_text_and_still_open(tmp_path):
    raw = [b"new\nline.pdf", b"not-utf8-\xff.pdf", "\u202egnp.pdf".encode(), b"x" * 251 + b".pdf", b"-", b"@list"]
    accents = [unicodedata.normalize(form, "é.pdf").encode() for form in ("NFC", "NFD")]
    for name in raw + accents:
        (tmp_path / os.fsdecode(name)).write_bytes(name)
    files = [each for each in discover([str(tmp_path)]) if isinstance(each, SourceFile)]
    assert sorted(Path(each.path).read_bytes() for each in files) == sorted(raw + accents)
    for each in files:
        each.source.encode()
        each.name.encode()
    assert "not-utf8-\\xff.pdf" in {each.name for each in files}


def test_folders_may_lie_deeper_than_the_interpreters_stack(tmp_path):
    write(tmp_path, "d/" * 300 + "deep.pdf")
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(250)
    try:
        found = list(discover([str(tmp_path)]))
    finally:
        sys.setrecursionlimit(limit)
    assert [Path(each.name).name for each in found if isinstance(each, SourceFile)] == ["deep.pdf"]


def test_finding_is_lazy(tmp_path):
    write(tmp_path, "a.pdf", "b/c.pdf")
    files = discover([str(tmp_path), "@never-read"])
    assert next(files).name == "a.pdf"
    (tmp_path / "b/d.pdf").write_text("later")
    assert [next(files).name, next(files).name] == ["b/c.pdf", "b/d.pdf"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=20), max_size=8))
def test_every_visible_name_is_found_once(tmp_path_factory, texts):
    folder = tmp_path_factory.mktemp("names")
    wanted = {text for text in texts if text not in {".", ".."}}
    for text in wanted:
        (folder / text).write_text("x")
    assert sorted(names(folder)) == sorted(text for text in wanted if not text.startswith("."))
