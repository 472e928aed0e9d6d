"""The review page as it is served, in a real browser."""

from __future__ import annotations

import re

import pandas as pd
import pymupdf
import pytest
from playwright.sync_api import expect

from tests.flows.review.conftest import served
from tests.flows.review.made import fill

pytestmark = pytest.mark.xdist_group("review")
DRAWN = "() => { const it = document.querySelector('.sheet img'); return it && it.naturalWidth > 0; }"


def names(page):
    return page.locator(".row .name").all_inner_texts()


def turn_to(page, name, page_no=1):
    page.locator(".row", has_text=name).filter(has=page.get_by_text(str(page_no), exact=True)).click()
    page.wait_for_function(
        "name => document.querySelector('#head h1').textContent.includes(name) && view.detail", arg=name
    )


def test_a_page_stands_beside_its_picture(look, address):
    looked = look()
    page = looked.open(address)
    turn_to(page, "letter.pdf", 1)

    expect(page.locator("#body")).to_contain_text("the harbour lantern is lit")
    page.wait_for_function(DRAWN)
    facts = page.locator("#head").inner_text()
    assert all(said in facts for said in ("letter.pdf", "ok", "qwen3-vl-plus", "1,200", "80", "¥0.01"))
    assert len(names(page)) == 7


def test_blocks_of_the_layout_are_drawn_over_the_picture(look, address):
    page = look().open(address)
    turn_to(page, "letter.pdf", 1)
    page.wait_for_function(DRAWN)

    block = page.locator("rect.block")
    expect(block).to_have_count(1)
    box, sheet = block.bounding_box(), page.locator(".sheet").bounding_box()
    assert (box["x"] - sheet["x"]) / sheet["width"] == pytest.approx(0.1, abs=0.01)
    assert box["height"] / sheet["height"] == pytest.approx(0.1, abs=0.01)
    page.keyboard.press("b")
    expect(block).to_have_count(0)


def test_nothing_is_asked_of_any_other_host(look, address):
    looked = look()
    page = looked.open(address)
    for _ in range(7):
        page.keyboard.press("j")
        page.wait_for_function("() => view.detail !== null")

    assert looked.hosts == {re.search(r"//([^/]+)/", address)[1]}


def test_what_is_hostile_in_a_page_is_text(look, address):
    page = look().open(address)
    turn_to(page, "letter.pdf", 3)

    expect(page.locator("#body h1")).to_have_text("Title <script>document.title='owned'</script>")
    assert page.locator("#body script, #body img").count() == 0
    assert "owned" not in page.title()
    turn_to(page, "letter.pdf", 4)
    expect(page.locator("#head .fault")).to_have_text("refused: <b>no</b> reason")


def test_tables_are_tables(look, address):
    page = look().open(address)
    turn_to(page, "letter.pdf", 2)

    assert page.locator("#body table").count() == 2
    assert page.locator("#body td[colspan='2'] b").inner_text() == "3.20"
    assert page.locator("#body td[align='right']").inner_text() == "3.20"


def test_a_translation_stands_beside_its_source(look, address):
    page = look().open(address)
    turn_to(page, "租约.pdf")

    assert page.locator(".pairs tbody td").all_inner_texts() == ["第一条 租赁房屋", "Article 1. The premises"]
    assert page.locator(".pairs td strong").inner_text() == "premises"


def test_a_value_is_highlighted_where_it_stands_on_the_page(look, address):
    page = look().open(address)
    turn_to(page, "invoice.pdf")
    page.wait_for_function(DRAWN)

    total = page.locator(".value[data-path='/total']")
    total.hover()
    expect(page.locator("rect.place.on")).to_have_count(1)
    place, sheet = page.locator("rect.place.on").bounding_box(), page.locator(".sheet").bounding_box()
    share = ((place["x"] - sheet["x"]) / sheet["width"], (place["y"] - sheet["y"]) / sheet["height"])
    before = pymupdf.get_text_length("Invoice MF-20417, total ", fontsize=14)
    assert share == pytest.approx(((30 + before) / 300, (60 - 14) / 400), abs=0.02)
    assert "missing" in page.locator(".value[data-path='/lines/0/item']").get_attribute("class")
    assert page.locator("table.fields td").all_inner_texts() == ["paper", "12.5"]


def test_a_file_that_is_gone_says_so_in_the_place_of_its_picture(look, address):
    page = look().open(address)
    turn_to(page, "gone.pdf")

    expect(page.locator("#stage")).to_contain_text("the file is no longer there")
    expect(page.locator("#body")).to_contain_text("The file of this page is gone")


@pytest.mark.parametrize(
    ("field", "value", "left"),
    [
        ("#status", "failed", 1),
        ("#flag", "repetition", 1),
        ("#language", "en", 3),
        ("#mark", "\0", 7),
        ("#way", "structured · qwen3-vl-plus", 1),
    ],
)
def test_filters_leave_what_fits(look, address, field, value, left):
    page = look().open(address)
    page.locator(field).select_option(value)

    expect(page.locator("#count")).to_have_text(f"{left} of 7 pages")
    assert len(names(page)) == left


def test_names_are_filtered_and_texts_are_searched(look, address):
    page = look().open(address)
    page.locator("#file").fill("LETTER")
    expect(page.locator("#count")).to_have_text("4 of 7 pages")
    page.locator("#clear").click()
    page.locator("#search").fill("Lantern harbour")
    expect(page.locator("#count")).to_have_text("1 of 7 pages")
    expect(page.locator("#body mark")).to_have_count(1)
    page.locator("#search").fill("租赁")
    expect(page.locator("#count")).to_have_text("1 of 7 pages")
    page.locator("#search").fill("no such words anywhere")
    expect(page.locator("#stage")).to_contain_text("No page fits")


def test_the_doubtful_come_first_when_wanted(look, address):
    page = look().open(address)
    page.locator("#sort").select_option("doubt")

    assert page.locator(".row .why").all_inner_texts()[:2] == ["failed", "suspect · repetition"]


def test_keys_go_from_page_to_page(look, address):
    page = look().open(address)
    chosen = page.locator(".row[aria-selected='true']")
    first = chosen.get_attribute("id")
    page.keyboard.press("j")
    page.keyboard.press("ArrowDown")
    assert chosen.get_attribute("id") == "row-2"
    page.keyboard.press("k")
    page.keyboard.press("ArrowUp")
    assert chosen.get_attribute("id") == first
    page.keyboard.press("/")
    page.keyboard.type("jjj")
    assert chosen.count() == 0 or chosen.get_attribute("id") == first
    assert page.locator("#search").input_value() == "jjj"


def test_the_address_remembers_the_page_and_the_filter(look, address):
    page = look().open(address)
    page.locator("#status").select_option("suspect")
    page.wait_for_function("location.hash.includes('status=suspect')")
    again = look().open(page.url)

    expect(again.locator("#count")).to_have_text("1 of 7 pages")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_or_dark_as_the_reader_has_it(look, address, scheme):
    page = look(color_scheme=scheme).open(address)
    ground, ink = page.evaluate(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]"
    )
    light = {
        name: sum(map(int, re.findall(r"\d+", colour))) > 384 for name, colour in (("ground", ground), ("ink", ink))
    }

    assert light == {"ground": scheme == "light", "ink": scheme == "dark"}


def test_it_speaks_chinese_to_who_reads_chinese(look, address):
    page = look(locale="zh-CN").open(address)
    expect(page.locator("#count")).to_have_text("7 / 7 页")
    page.locator("#tongue").click()
    expect(page.locator("#count")).to_have_text("7 of 7 pages")


def test_marks_are_saved_and_the_latest_counts(look, tmp_path):
    out = fill(tmp_path)
    with served(out, "--reviewer", "Ada") as address:
        page = look().open(address)
        turn_to(page, "letter.pdf", 1)
        page.locator("#note").fill("looks fine")
        page.locator("#mark-wrong").click()
        expect(page.locator("#progress")).to_have_text("1 of 7 marked")
        page.locator("#body").focus()
        page.keyboard.press("r")
        expect(page.locator("#mark-right")).to_have_attribute("aria-pressed", "true")
        turn_to(page, "letter.pdf", 2)
        page.keyboard.press("e")
        page.locator("textarea").fill("put <right> 对")
        page.keyboard.press("Control+Enter")
        expect(page.locator("#progress")).to_have_text("2 of 7 marked")
        page.get_by_role("button", name="Corrected").click()
        expect(page.locator("#body")).to_have_text("put <right> 对")
        again = look().open(address)
        expect(again.locator("#progress")).to_have_text("2 of 7 marked")

    rows = pd.read_parquet(out / "reviews").sort_values("marked_at")
    assert list(rows["mark"]) == ["wrong", "right", "corrected"]
    assert list(rows["page_no"]) == [1, 1, 2]
    assert rows["corrected_text"].iloc[2] == "put <right> 对"
    assert set(rows["note"].dropna()) == {"looks fine"}
    assert set(rows["reviewer"]) == {"Ada"}
    assert str(rows["marked_at"].dtype) == "datetime64[us, UTC]"
    assert list(rows["request_key"]) == ["key-letter.pdf-1", "key-letter.pdf-1", "key-letter.pdf-2"]


def test_a_mark_that_cannot_be_kept_is_not_shown_as_made(look, tmp_path):
    out = fill(tmp_path)
    (out / "reviews").touch()
    with served(out) as address:
        page = look(complains=True).open(address)
        page.keyboard.press("r")
        expect(page.locator("#toast")).to_contain_text("Not saved")
        expect(page.locator("#mark-right")).to_have_attribute("aria-pressed", "false")


def test_ten_thousand_pages_are_a_few_rows_in_the_document(look, long_address):
    page = look().open(long_address)
    expect(page.locator("#count")).to_have_text("10,000 of 10,000 pages")
    page.evaluate("document.getElementById('list').scrollTop = 9990 * 48")
    expect(page.locator("#row-9989")).to_be_visible()
    assert page.evaluate("document.querySelectorAll('*').length") < 500
    page.locator("#search").fill("page 7777.")
    expect(page.locator("#count")).to_have_text("1 of 10,000 pages")
    expect(page.locator("#head h1")).to_contain_text("page 7777")
    page.locator("#search").fill("")
    page.locator("#flag").select_option("low_confidence")
    expect(page.locator("#count")).to_have_text("100 of 10,000 pages")
    assert page.evaluate("document.querySelectorAll('*').length") < 500
