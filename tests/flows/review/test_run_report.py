"""The report of a run in a real browser."""

from __future__ import annotations

import pytest

from flows.report import write
from schemas.records import FileRecord, RunRecord
from tasks.dataset import open_dataset
from tasks.sinks.parquet import ParquetSink
from tests.sinks.rows import example

pytestmark = pytest.mark.xdist_group("review")


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    out = tmp_path_factory.mktemp("report")
    open_dataset(out)
    record = example(RunRecord, status="partial_success", error_kind=None, config="{}", files=1, pages=3, pages_ok=2)
    name = "<script>document.title='owned'</script>.pdf"
    row = example(FileRecord, name=name, status="partial_success", recipe_id=record.recipe_id)
    ParquetSink(out).write("files", "a" * 64, [row])
    return write(record, str(out))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_without_a_word_to_anybody(look, report, scheme):
    looked = look(color_scheme=scheme)
    looked.page.goto(f"file://{report}")

    assert looked.page.locator("td.name").first.inner_text() == "<script>document.title='owned'</script>.pdf"
    assert looked.page.title().startswith("partial success: 2 of 3 pages read")
    assert looked.hosts == set()
    ground = looked.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(244, 245, 247)", "dark": "rgb(16, 20, 26)"}[scheme]
