"""The whole folder of real documents beside the repository, in one run."""

from __future__ import annotations

import pytest

from schemas.errors import ExitCode
from tests.mill import Mill, billed, told
from tests.papers import corpus

pytestmark = [pytest.mark.long, pytest.mark.timeout(900), pytest.mark.xdist_group("corpus")]

REFUSED = {
    "encrypted/encryption_openpassword.pdf": "encrypted",
    "ocrmypdf/hugemono.pdf": "too_large",
    "ocrmypdf/invalid.pdf": "corrupt",
}
"""Documents that cannot be read, and why. What lies beside them and is no document is skipped or empty."""


async def test_every_file_is_in_the_table_with_an_honest_status_and_every_token_is_where_it_was_spent(
    tmp_path, emulator, monkeypatch
):
    folder = corpus("")
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    mill = Mill(folder, tmp_path / "out", emulator)

    record = await mill.run(render_workers=2, in_flight=32)

    files, pages, calls = (mill.table(name) for name in ("files", "pages", "calls"))
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(files["name"]) == there
    assert files["name"].is_unique
    not_read = files[files["status"] == "failure"].set_index("name")["error_kind"].to_dict()
    empty = {name for name in there if not (folder / name).stat().st_size}
    assert not_read == {**REFUSED, **dict.fromkeys(empty, "empty")}
    skipped = files[files["status"] == "skipped"]
    assert set(skipped["error_kind"]) == {"unsupported"}
    assert set(skipped["name"].str.rsplit(".", n=1).str[1]) <= {
        "txt",
        "json",
        "jsonl",
        "csv",
        "tsv",
        "xml",
        "md",
        "html",
    }
    assert not pages.duplicated(["source", "page_no"]).any()
    assert len(pages) == files["pages_selected"].sum() == record.pages
    assert set(pages["status"]) <= {"ok", "blank", "suspect", "failed"}
    flagged = pages.loc[told(pages) == "suspect", "flags"].explode()
    assert {flag["name"] for flag in flagged} == {"blank_where_damaged"}
    totals = emulator.totals()
    counted = {name: getattr(totals, name) for name in ("input_tokens", "output_tokens", "image_tokens")}
    assert billed(files) == billed(pages) == billed(calls) == counted
    assert len(calls) == totals.requests
    assert record.total_cost == pytest.approx(calls["cost"].sum())
    assert record.exit_code == ExitCode.PAGES_MISSING


async def test_text_layers_are_read_without_a_key(tmp_path, emulator):
    mill = Mill(corpus("invoices"), tmp_path / "out", emulator)

    record = await mill.run(backend="local", sources=(str(mill.source / "*.pdf"),), render_workers=2)

    pages = mill.table("pages")
    assert record.pages_ok == record.pages == len(pages) > 0
    assert set(pages["origin"]) <= {"text_layer", "ocr"}
    assert (pages["text"].str.len() > 100).all()
    assert mill.table("calls").empty
    assert record.total_cost == 0.0
