"""Documents of the web: only where they are allowed, only from public addresses, and with no secret shown."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from flows.options import config_of
from schemas.addresses import secret_in, shown
from schemas.config import RunConfig
from schemas.documents import RejectedDocument
from schemas.errors import UsageFault
from tasks.order import resolve
from tasks.remote import Stores, found_at
from tasks.remote.public_web import is_public
from tests.mill import Memory, Mill
from tests.remote.bucket import card_bytes, paper_bytes

if TYPE_CHECKING:
    from tests.emulator import Emulator
    from tests.remote.site import Site

pytestmark = pytest.mark.xdist_group("remote")
ALLOWED = {"allow_urls": True, "allow_private_urls": True}


@pytest.fixture
def mill(tmp_path: Path, emulator: Emulator, site: Site, monkeypatch: pytest.MonkeyPatch) -> Mill:
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr("tasks.remote.stores.LONGEST_WAIT", 0.01)
    return Mill(tmp_path, tmp_path / "out", emulator, ALLOWED | {"sources": (f"{site.url}/in/",)})


def refused(address: str, **settings: bool) -> str:
    (found,) = found_at(address, Stores(longest_wait=0.01, **settings))
    assert isinstance(found, RejectedDocument)
    return f"{found.error.kind}: {found.error}"


@pytest.mark.parametrize(
    ("address", "plain"),
    [
        ("https://host/a.pdf", "https://host/a.pdf"),
        ("https://user:word@host:8443/a.pdf?id=7", "https://host:8443/a.pdf?id=7"),
        ("https://host/a.pdf?X-Amz-Signature=0f&X-Amz-Date=1&id=7", "https://host/a.pdf?id=7"),
        ("https://host/a.pdf?sig=0f&se=2026", "https://host/a.pdf"),
        ("https://host/a.pdf?access_token=0f#page=2", "https://host/a.pdf"),
        ("sftp://mill@host/in/a.pdf", "sftp://mill@host/in/a.pdf"),
        ("sftp://mill:word@host/in/a.pdf", "sftp://mill@host/in/a.pdf"),
        ("s3://key:secret@bucket/a?b#c.pdf", "s3://bucket/a?b#c.pdf"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(address, plain):
    assert shown(address) == plain
    assert secret_in(plain) is None


@pytest.mark.parametrize(
    "address",
    [
        "https://user:TOPSECRET@host/a.pdf",
        "https://TOPSECRET@host/a.pdf",
        "s3://key:TOPSECRET@bucket/in/",
        "sftp://mill:TOPSECRET@host/in/",
        "https://host/a.pdf?X-Amz-Signature=TOPSECRET",
        "https://host/a.pdf?sv=2026&sig=TOPSECRET",
    ],
)
def test_a_source_that_holds_a_secret_is_refused_and_not_repeated(address):
    given = {"sources": [address], "out": "out", "allow_urls": True}
    with pytest.raises(UsageFault) as told:
        config_of(given)
    assert str(told.value).startswith("SOURCE ")
    assert "TOPSECRET" not in str(told.value)
    with pytest.raises(ValidationError) as refusal:
        RunConfig(**given)
    assert "TOPSECRET" not in str(refusal.value)


@pytest.mark.parametrize("source", ["https://host/a.pdf", "http://host/in/"])
def test_the_web_is_off_unless_it_is_allowed(source):
    with pytest.raises(ValidationError, match="read only with --allow-urls"):
        RunConfig(sources=(source,), out="out")
    assert RunConfig(sources=(source,), out="out", allow_urls=True).sources == (source,)
    assert refused(source) == "unreadable: addresses of the web are read only with --allow-urls"


def test_a_scheme_that_nobody_reads_is_refused_with_those_that_are():
    with pytest.raises(ValidationError, match=r"ftp:// is not read here; known are s3://, oss://"):
        RunConfig(sources=("ftp://host/in/",), out="out")


@pytest.mark.parametrize("scheme", ["oss", "gs", "az", "sftp"])
def test_a_missing_extra_is_named_before_the_run_begins(scheme, monkeypatch):
    monkeypatch.setattr("tasks.remote.stores.find_spec", lambda _name: None)
    with pytest.raises(UsageFault, match=f"{scheme}:// cannot be read: .* is not installed") as told:
        resolve(RunConfig(sources=(f"{scheme}://inbox/in/",), out="out", backend="local"))
    assert told.value.advice.startswith("install it with: pip install 'pagemill[")
    assert refused(f"{scheme}://inbox/in/").startswith(f"unreadable: {scheme}:// cannot be read")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - nothing is bound to it
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("2002:7f00:1::", False),
        ("64:ff9b::a00:1", False),
    ],
)
def test_private_addresses_are_told_from_public_ones_also_in_disguise(address, public):
    assert is_public(address) is public


def test_a_private_address_is_not_even_connected_to(site):
    site.documents["/a.pdf"] = b"x"
    for host in ("127.0.0.1", "localhost", "[::ffff:127.0.0.1]"):
        assert "private network" in refused(f"http://{host}:{site.port}/a.pdf", allow_urls=True)
    assert "private network" in refused(f"{site.url}/in/", allow_urls=True)
    assert site.asked == []


def test_no_redirection_leads_to_a_private_address(site, monkeypatch):
    monkeypatch.setattr("tasks.remote.public_web.is_public", lambda address: address == "127.0.0.1")
    site.moved["/a.pdf"] = f"http://127.0.0.2:{site.port}/secret.pdf"
    assert "private network" in refused(f"{site.url}/a.pdf", allow_urls=True)
    assert {line.partition(" ")[2] for line in site.asked} == {"/a.pdf"}


class TestARun:
    async def test_a_page_of_links_is_an_inbox(self, mill, site, tmp_path):
        site.pages = {
            "/in/": "<a href='?C=N;O=D'>Name</a> <a href='/'>Up</a> <a href='../'>Up</a> <a href='a.png'>a</a>"
            "<a href='https://elsewhere.example/x.pdf'>x</a> <a href='letters/'>more</a> <a href='gone.pdf'>g</a>"
            "<a href='barred.pdf'>b</a> <a href='two%20words.png'>two words</a> <a href='get.php?id=7&amp;v=1'>7</a>",
            "/in/letters/": "<a href='/in/letters/b.pdf'>b</a> <a href='/in/'>Up</a>",
        }
        site.documents = {
            "/in/a.png": card_bytes(tmp_path, "a"),
            "/in/two%20words.png": card_bytes(tmp_path, "two words"),
            "/in/get.php": card_bytes(tmp_path, "seven"),
            "/in/letters/b.pdf": paper_bytes(tmp_path, "one", "two"),
            "/in/barred.pdf": b"x",
        }
        site.refused["/in/barred.pdf"] = 403
        memory = Memory()
        first = await mill.run(memory=memory)
        assert (first.status, first.files_success, first.files_failure) == ("partial_success", 4, 2)
        names = ["a.png", "get.php", "letters/b.pdf", "two%20words.png"]
        assert sorted(mill.table("files").query("status == 'success'")["name"]) == names
        assert {one.file.name: one.error.kind for one in memory.rejections} == {
            "gone.pdf": "missing", "barred.pdf": "unreadable",
        }  # fmt: skip

        site.asked.clear()
        second = await mill.run()
        assert (second.pages_kept, second.calls) == (5, 0)
        assert [path for path in site.fetched() if path.endswith(("png", "b.pdf")) or "php" in path] == []

        site.documents["/in/a.png"] = card_bytes(tmp_path, "another a")
        site.asked.clear()
        assert (await mill.run()).calls == 1
        assert "/in/a.png" in site.fetched()

    async def test_where_a_site_says_nothing_of_a_document_its_bytes_tell_whether_it_is_new(self, mill, site, tmp_path):
        site.is_dumb = True
        site.documents["/in/a.png"] = card_bytes(tmp_path, "a")
        first = await mill.run(sources=(f"{site.url}/in/a.png",))
        assert (first.status, first.calls) == ("success", 1)
        assert list(mill.table("files")["size_bytes"]) == [len(site.documents["/in/a.png"])]
        again = await mill.run(sources=(f"{site.url}/in/a.png",))
        assert (again.status, again.calls, again.pages_kept) == ("success", 0, 1)

    async def test_a_signed_address_is_named_in_a_list_and_its_signature_stands_nowhere(self, mill, site, tmp_path):
        site.documents["/a.png"] = card_bytes(tmp_path, "a")
        addresses = tmp_path / "addresses.txt"
        addresses.write_text(f"{site.url}/a.png?X-Amz-Signature=TOPSECRET&v=1\n{site.url}/no.png?sig=TOPSECRET\n")
        memory = Memory()
        record = await mill.run(sources=(f"@{addresses}",), memory=memory)
        assert (record.files_success, record.files_failure) == (1, 1)
        assert any("Signature=TOPSECRET" in line for line in site.asked)
        assert sorted(mill.table("files")["source"]) == [f"{site.url}/a.png?v=1", f"{site.url}/no.png"]
        everything = b"".join(path.read_bytes() for path in mill.out.rglob("*") if path.is_file())
        assert b"TOPSECRET" not in everything
        assert "TOPSECRET" not in repr(memory)

        addresses.write_text(f"{site.url}/a.png?X-Amz-Signature=SIGNEDANEW&v=1\n")
        site.asked.clear()
        again = await mill.run(sources=(f"@{addresses}",))
        assert (again.status, again.calls, site.fetched()) == ("success", 0, [])


@pytest.mark.parametrize(
    ("out", "why"),
    [
        ("https://example.org/results", "nothing can be written there"),
        ("sftp://mill@host/results", "what is written there can be seen half"),
        ("ftp://host/results", "it is not known here"),
        ("s3://mill:TOPSECRET@archive/results", "a user or a password before the @"),
        ("s3://archive/a//b", "plain names between single slashes"),
        ("s3:///results", "names no bucket"),
    ],
)
def test_results_go_to_a_folder_or_a_store_of_objects_and_to_no_other_address(out, why):
    with pytest.raises(UsageFault, match=why) as told:
        config_of({"sources": ["in"], "out": out})
    assert str(told.value).startswith("--out: ")
    assert "TOPSECRET" not in str(told.value)
