from __future__ import annotations

import asyncio
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from sqlalchemy import update

from schemas.errors import LedgerFault
from tasks.ledger import open_ledger
from tasks.ledger.tables import schema_version
from tests.ledger.cluster import free_port
from tests.ledger.samples import an_answer


async def test_a_file_is_made_with_its_folders_and_found_again(tmp_path):
    path = tmp_path / "a folder" / "50% of? #it.sqlite3"
    async with open_ledger(path) as ledger:
        await ledger.close_calls([], an_answer())
    async with open_ledger(f"sqlite:///{tmp_path}/a folder/plain.sqlite3") as ledger:
        assert await ledger.kept_keys(["key"]) == set()
    async with open_ledger(str(path)) as ledger:
        assert await ledger.kept_keys(["key"]) == {"key"}
        assert ledger.where == str(path)


async def test_a_relative_path_is_meant_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with open_ledger("ledger.sqlite3"):
        assert (tmp_path / "ledger.sqlite3").exists()


async def test_many_open_a_new_ledger_at_once(where):
    with ThreadPoolExecutor(6) as pool:
        ledgers = list(pool.map(open_ledger, [where] * 6))
    await asyncio.gather(*(ledger.close_calls([], an_answer(f"key-{n}")) for n, ledger in enumerate(ledgers)))
    assert len(await ledgers[0].kept_keys([f"key-{n}" for n in range(6)])) == 6
    for ledger in ledgers:
        await ledger.close()


async def test_a_ledger_of_a_newer_program_is_refused(where):
    async with open_ledger(where) as ledger:
        await ledger.write(lambda connection: connection.execute(update(schema_version).values(version=99)) and None)
    with pytest.raises(LedgerFault, match="made by a newer pagemill: tables of version 99") as caught:
        open_ledger(where)
    assert "Update pagemill" in caught.value.advice


@pytest.mark.parametrize("content", [b"not a database, but long enough to be looked at. " * 50, b"%PDF-1.7\n" * 999])
def test_another_file_is_no_ledger(tmp_path, content):
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(content)
    with pytest.raises(LedgerFault, match="is not a ledger"):
        open_ledger(path)
    assert path.read_bytes() == content


async def test_a_damaged_file_is_told_when_it_is_met(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    async with open_ledger(path) as ledger:
        await asyncio.gather(*(ledger.close_calls([], an_answer(f"key-{n}")) for n in range(500)))
    content = bytearray(path.read_bytes())
    content[40_960:] = b"\xff" * (len(content) - 40_960)
    path.write_bytes(content)
    with pytest.raises(LedgerFault, match="its file is damaged") as caught:
        async with open_ledger(path) as ledger:
            await ledger.kept([f"key-{n}" for n in range(500)])
    assert "Put back a copy" in caught.value.advice


def test_a_folder_is_no_ledger(tmp_path):
    with pytest.raises(LedgerFault, match="cannot be opened") as caught:
        open_ledger(tmp_path)
    assert "--ledger" in caught.value.advice


def test_a_path_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LedgerFault, match=r"exists|Not a directory"):
        open_ledger(tmp_path / "file" / "ledger.sqlite3")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_folder_that_may_not_be_written_is_refused(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(LedgerFault, match="cannot be opened"):
        open_ledger(tmp_path / "ledger.sqlite3")


async def test_a_ledger_that_may_not_be_written_says_so(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    async with open_ledger(path) as ledger:
        with pytest.raises(LedgerFault, match="may not be written"):
            await ledger.write(
                lambda connection: connection.exec_driver_sql("PRAGMA query_only = ON") and write(connection)
            )


def write(connection):
    connection.execute(update(schema_version).values(version=1))


@pytest.mark.parametrize(
    "named", ["mysql://user:sesame@host/db", "sqlite://", "postgresql://user:sesame@host:port/db", "s3://bucket/ledger"]
)
def test_what_is_no_such_database_is_refused_without_repeating_a_password(named):
    with pytest.raises(LedgerFault) as caught:
        open_ledger(named)
    assert "sesame" not in f"{caught.value!r} {caught.value.__cause__!r} {caught.value.advice}"
    assert "postgresql://" in caught.value.advice


def test_a_server_that_does_not_answer_is_named_without_its_password():
    with pytest.raises(LedgerFault, match=r"postgresql.*user:\*\*\*@127.0.0.1.*no connection.*refused") as caught:
        open_ledger(f"postgresql://user:sesame@127.0.0.1:{free_port()}/db")
    assert "and the server" in caught.value.advice
    assert "sesame" not in f"{caught.value!r} {caught.value.__cause__!r}"


@pytest.mark.xdist_group("postgresql")
def test_a_database_that_is_not_there_is_told_apart(cluster):
    with pytest.raises(LedgerFault, match='"nowhere" does not exist'):
        open_ledger(f"{cluster.url}/nowhere")


def test_a_closed_ledger_is_one_file(tmp_path):
    async def keep_one():
        async with open_ledger(tmp_path / "ledger.sqlite3") as ledger:
            await ledger.close_calls([], an_answer())

    asyncio.run(keep_one())
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.sqlite3"]


async def test_the_file_is_in_write_ahead_mode(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    async with open_ledger(path) as ledger:
        settings = [
            await ledger.read(lambda connection, name=name: connection.exec_driver_sql(f"PRAGMA {name}").scalar())
            for name in ("journal_mode", "synchronous")
        ]
    assert settings == ["wal", 2]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT version FROM schema_version").fetchall() == [(1,)]
