"""Names and texts that were chosen to harm whoever handles them, from the folder to the tables and the terminal."""

from __future__ import annotations

import os
import socket
import unicodedata
from pathlib import Path

import pytest

from flows.cli import main
from schemas.errors import ExitCode
from tests.hardening.spoken import words
from tests.mill import card

pytestmark = pytest.mark.xdist_group("hardening")

NFC = unicodedata.normalize("NFC", "Übergröße é.png")
HOSTILE = (
    "new\nline.png",
    "carriage\rreturn.png",
    "a..png",
    " ... .png",
    "-rf.png",
    "--out=elsewhere.png",
    "x" * 251 + ".png",
    "🧾👩‍💻.png",
    NFC,
    unicodedata.normalize("NFD", NFC),
    "{0}{name!r}%s%(x)d.png",
    "'; drop table pages; --.png",
    "[red]loud[bold][link=x].png",
    "<script src=x onerror=alert(1)>.png",
    "=cmd|' '!A0.png",
    "$(touch pwned)`touch pwned`.png",
    "\x1b[31m\x1b]0;title\x07.png",
    "\u202egnp.exe.png",
    "con.png",
    "back\\slash.png",
    "*?[a].png",
    "@list.png",
)
RAW = b"caf\xe9\xff\xfe.png"
TEXT = (
    "<script>alert(1)</script> [red]x[/red] [link=http://e] {0} {} %s '; drop table pages; -- "
    "\x1b[31m\x07 =1+1 \x00 \u202e"
)


def fill(folder: Path) -> int:
    """Cards under hostile names, and things among them that are no files; counts the cards."""
    for number, name in enumerate(HOSTILE):
        card(folder / "card.png", f"card {number}").rename(folder / name)
    card(folder / "card.png", "raw").rename(os.fsencode(folder).decode() + "/" + os.fsdecode(RAW))
    deep = folder / "deep" / ("d" * 200) / ("e" * 200)
    deep.mkdir(parents=True)
    card(deep / "card.png", "deep")
    (folder / "deep" / "round").symlink_to(folder, target_is_directory=True)
    (folder / "itself").symlink_to(folder / "itself")
    (folder / "nowhere").symlink_to("/nowhere/at/all")
    (folder / "zero").symlink_to("/dev/zero")
    (folder / "memory").symlink_to("/proc/self/mem")
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        here = Path.cwd()
        os.chdir(folder)  # the path of a socket may not be long
        try:
            server.bind("socket")
        finally:
            os.chdir(here)
    return len(HOSTILE) + 2


@pytest.fixture
def told(mill, tmp_path, capsys):
    """A run over the hostile folder: what stood around it before, and what was said in a terminal's stead."""
    mill.emulator.responder = lambda _: TEXT
    cards = fill(mill.source)
    before = everything(tmp_path)
    exit_code = main(words(mill))
    return exit_code, cards, before, capsys.readouterr().err


def everything(folder: Path) -> set[bytes]:
    return {
        os.path.join(place, name)  # noqa: PTH118 - names of any bytes
        for place, folders, files in os.walk(os.fsencode(folder))
        for name in (*folders, *files)
    }


def test_hostile_names_and_texts_reach_the_tables_as_they_are_and_the_terminal_without_effect(
    mill, tmp_path, told, capsys
):
    exit_code, cards, before, said = told

    assert exit_code == ExitCode.PAGES_MISSING
    files, pages = mill.table("files"), mill.table("pages")
    assert len(pages) == cards
    assert files[files["status"] != "success"].set_index("name")["error_kind"].to_dict() == {
        "itself": "unreadable",
        "nowhere": "missing",
        "zero": "not_a_file",
        "memory": "empty",
        "pipe": "not_a_file",
        "socket": "not_a_file",
    }
    assert set(HOSTILE) < set(files["name"])
    assert "caf\\xe9\\xff\\xfe.png" in set(files["name"])
    assert len(files["doc_id"].dropna().unique()) == cards
    assert set(pages["text"]) == {pages["text"].iloc[0]}
    for piece in ("<script>alert(1)</script>", "[red]x[/red]", "{0} {} %s", "'; drop table pages; --", "=1+1"):
        assert piece in pages["text"].iloc[0]
    outside = {path for path in everything(tmp_path) - before if not path.startswith(os.fsencode(mill.out))}
    assert outside == set()
    harmless(said)


def test_commands_that_show_or_export_hostile_names_and_texts_do_no_harm(mill, tmp_path, told, capsys):
    before = everything(tmp_path)
    to = ("--out", str(mill.out))
    shown = [["show", *to, "--", name] for name in mill.table("pages")["name"]]
    for command in (["status", "--problems", *to], ["files", *to], ["pages", *to], *shown):
        assert main(command) == ExitCode.OK, (command, capsys.readouterr().err)
        told_now = capsys.readouterr()
        harmless(told_now.out + told_now.err)
    assert everything(tmp_path) == before
    exported = tmp_path / "exported"
    for form in ("markdown", "jsonl", "csv"):
        assert main(["export", *to, "--to", str(exported / form), "--format", form]) == ExitCode.OK
    made = everything(tmp_path) - before
    assert len(made) > len(HOSTILE)
    assert all(path.startswith(os.fsencode(exported)) for path in made)


def harmless(said: str) -> None:
    """Nothing in it moves a cursor, rings a bell, sets a title, turns the text or was taken for markup."""
    assert "Traceback" not in said
    assert not [sign for sign in said if sign not in "\n\t" and unicodedata.category(sign) in {"Cc", "Cf", "Cs"}]
