"""The review page as one file, opened from the disk, and its marks taken in again."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from playwright.sync_api import expect

from tests.flows.review.conftest import pagemill
from tests.flows.review.made import fill, many
from tests.flows.review.test_served import turn_to

pytestmark = pytest.mark.xdist_group("review")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    out = fill(tmp_path_factory.mktemp("one"))
    pagemill("review", "--out", out)
    return out


def test_one_file_holds_pages_and_pictures_and_asks_nobody(look, made):
    looked = look()
    page = looked.open(f"file://{made}/review.html")
    turn_to(page, "letter.pdf", 3)

    expect(page.locator("#body h1")).to_have_text("Title <script>document.title='owned'</script>")
    page.wait_for_function("() => document.querySelector('.sheet img')?.naturalWidth > 0")
    page.locator("#search").fill("lantern")
    expect(page.locator("#count")).to_have_text("1 of 7 pages")
    page.locator("#search").fill("premises")
    expect(page.locator("#head h1")).to_contain_text("租约.pdf")
    assert looked.hosts == set()
    assert all(url.startswith(("file:", "data:")) for url in looked.asked)


def test_marks_of_the_file_outlive_it_and_are_taken_in(look, made, tmp_path):
    page = look(accept_downloads=True).open(f"file://{made}/review.html")
    turn_to(page, "letter.pdf", 2)
    page.keyboard.press("w")
    expect(page.locator("#save")).to_have_text("Save marks (1)")
    page.reload()
    turn_to(page, "letter.pdf", 1)
    page.keyboard.press("e")
    page.locator("textarea").fill("as it should be")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#progress")).to_have_text("2 of 7 marked")
    with page.expect_download() as download:
        page.locator("#save").click()
    marks = tmp_path / "marks.json"
    download.value.save_as(marks)

    for _ in range(2):
        taken = pagemill("review", "--out", made, "--import", marks, "--reviewer", "Bo")
        assert taken == "2 marks taken in\n"
    rows = pd.read_parquet(made / "reviews").sort_values("page_no")
    assert list(rows["mark"]) == ["corrected", "wrong"]
    assert list(rows["corrected_text"]) == ["as it should be", None] or rows["corrected_text"].isna().tolist() == [
        False,
        True,
    ]
    assert set(rows["reviewer"]) == {"Bo"}


def test_only_the_most_doubtful_have_their_pictures_in_it(look, tmp_path):
    out = fill(tmp_path)
    told = json.loads(
        pagemill("review", "--out", out, "--pictures", 2, "--to", tmp_path / "sent" / "page.html", "--json")
    )

    assert (told["pages"], told["pictures"]) == (7, 2)
    assert [path.name for path in (tmp_path / "sent").iterdir()] == ["page.html"]
    page = look().open(f"file://{told['file']}")
    turn_to(page, "letter.pdf", 3)
    page.wait_for_function("() => document.querySelector('.sheet img')?.naturalWidth > 0")
    turn_to(page, "letter.pdf", 2)
    expect(page.locator("#stage")).to_contain_text("pagemill review --serve")


def test_pictures_are_bounded_in_bytes(tmp_path):
    out = fill(tmp_path)
    told = json.loads(pagemill("review", "--out", out, "--picture-mb", 0.004, "--json"))

    assert told["pictures"] < 3
    assert told["size_bytes"] < 120_000


def test_of_too_many_pages_the_most_doubtful_are_shown_and_it_says_so(look, tmp_path):
    out = many(tmp_path, 300)
    said = pagemill("review", "--out", out, "--limit", 3, "--pictures", 0)

    assert "3 pages of 300, the most doubtful; 0 pictures" in said
    page = look().open(f"file://{out}/review.html")
    assert page.locator(".row .no").all_inner_texts() == ["100", "200", "300"]
    expect(page.locator("#scope")).to_have_text("the 3 most doubtful of 300 pages")


def test_pages_are_chosen_by_status_and_file(made, tmp_path):
    for words, count in ((("--status", "failed,suspect"), 2), (("--file", "letter.pdf"), 4)):
        assert (
            json.loads(
                pagemill("review", "--out", made, "--to", tmp_path / "some.html", "--json", "--pictures", 0, *words)
            )["pages"]
            == count
        )


@pytest.mark.long
def test_ten_thousand_pages_fit_in_a_file_that_opens(look, tmp_path):
    out = many(tmp_path, 10_000)
    told = json.loads(pagemill("review", "--out", out, "--pictures", 1, "--json"))

    assert told["size_bytes"] < 10_000_000
    page = look().open(f"file://{out}/review.html")
    page.locator("#search").fill("page 7777.")
    expect(page.locator("#count")).to_have_text("1 of 10,000 pages")
    assert page.evaluate("document.querySelectorAll('*').length") < 800
