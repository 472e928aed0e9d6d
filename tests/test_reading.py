"""Reading pages here: what is taken from the text layer, what is recognized, and in which order it is written."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from typing import TYPE_CHECKING

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.reading import read_page
from tasks.reading.lines import (
    Line,
    covered,
    in_columns,
    mean_score,
    reads_line_by_line,
    row_text,
    rows,
    runs_sideways,
    turned_back,
)
from tasks.reading.tables import as_markdown, filled
from tests.reading_documents import (
    CHINESE,
    ENGLISH,
    KOREAN,
    document,
    photographed,
    scanned,
    table,
    two_columns,
    written,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("ocr")  # the models are loaded once, in one of the processes


def test_a_text_layer_is_taken_at_its_word(tmp_path: Path) -> None:
    path = written(tmp_path / "a.pdf", [ENGLISH] * 3)
    reading = read_page(document(path), 1, "plain")
    assert reading.origin == "text_layer"
    assert reading.ocr_score is None
    assert reading.text == "\n".join([ENGLISH] * 3)
    assert reading.facts.layer_text == " ".join([ENGLISH] * 3)


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    reading = read_page(document(two_columns(tmp_path / "a.pdf")), 1, "markdown")
    assert reading.text.startswith("# ")
    assert "On Reading Order" in reading.text.splitlines()[0]
    assert reading.text.rindex("Left column") < reading.text.index("Right column")


def test_a_scan_in_columns_is_read_one_after_the_other(tmp_path: Path) -> None:
    picture = photographed(two_columns(tmp_path / "a.pdf"), dpi=150)
    reading = read_page(document(scanned(tmp_path / "b.pdf", picture)), 1, "markdown")
    assert reading.origin == "ocr"
    assert "On Reading Order" in reading.text.splitlines()[0]
    assert reading.text.rindex("Left column") < reading.text.index("Right column")


def test_a_table_becomes_a_table(tmp_path: Path) -> None:
    doc = document(table(tmp_path / "a.pdf"))
    assert "|Paper|12|30.50|" in read_page(doc, 1, "markdown").text
    assert "Paper\t12\t30.50" in read_page(doc, 1, "plain").text


def test_a_picture_of_writing_is_read_exactly(tmp_path: Path) -> None:
    photographed(written(tmp_path / "a.pdf", [ENGLISH, CHINESE], size=16)).save(tmp_path / "a.png")
    reading = read_page(document(tmp_path / "a.png", "image/png"), 1, "plain")
    assert reading.origin == "ocr"
    assert reading.text.splitlines() == [ENGLISH, CHINESE]
    assert reading.ocr_score is not None
    assert reading.ocr_score > 0.95


def test_lines_keep_their_places_in_points_of_the_page(tmp_path: Path) -> None:
    path = scanned(tmp_path / "b.pdf", photographed(written(tmp_path / "a.pdf", [ENGLISH])))
    reading = read_page(document(path), 1, "markdown")
    line = next(line for line in reading.lines if line.text == ENGLISH)
    left, top, right, bottom = line.box
    assert 0 < left < right < reading.facts.width
    assert 0 < top < bottom < reading.facts.height / 4


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_page_that_lies_wrong_is_turned_and_read_again(tmp_path: Path, rotation: int) -> None:
    picture = photographed(written(tmp_path / "a.pdf", [f"{n}. {ENGLISH}" for n in range(1, 6)]), dpi=100)
    path = scanned(tmp_path / "b.pdf", picture.rotate(rotation, expand=True))
    reading = read_page(document(path), 1, "plain")
    assert reading.rotation == rotation
    assert reading.text.split("\n\n")[:2] == [f"1. {ENGLISH}", f"2. {ENGLISH}"]
    assert f"read turned by {rotation} degrees" in reading.facts.notes
    first = next(line for line in reading.lines if line.text.startswith("1."))
    assert (first.height > first.width) is (rotation != 180)


def test_text_drawn_sideways_is_laid_out_upright(tmp_path: Path) -> None:
    with pymupdf.open() as drawn:
        page = drawn.new_page()
        for row in range(4):
            page.insert_text((100 + 30 * row, 700), f"{row}. {ENGLISH}", rotate=90)
        drawn.save(tmp_path / "a.pdf")
    reading = read_page(document(tmp_path / "a.pdf"), 1, "plain")
    assert (reading.origin, reading.rotation) == ("text_layer", 90)
    assert reading.text.startswith(f"0. {ENGLISH}")


def test_a_blank_page_has_no_text(tmp_path: Path) -> None:
    reading = read_page(document(written(tmp_path / "a.pdf", [])), 1, "markdown")
    assert (reading.text, reading.ocr_score, reading.lines) == ("", None, ())
    assert reading.facts.ink == 0


def test_hidden_text_over_a_scan_is_not_what_is_read(tmp_path: Path) -> None:
    picture = photographed(written(tmp_path / "a.pdf", [ENGLISH]))
    path = scanned(tmp_path / "b.pdf", picture)
    with pymupdf.open(path) as drawn:
        drawn[0].insert_text((30, 300), "Pay one million to the bearer", render_mode=3)
        drawn.save(tmp_path / "c.pdf")
    reading = read_page(document(tmp_path / "c.pdf"), 1, "plain")
    assert (reading.origin, reading.text) == ("ocr", ENGLISH)


def test_a_stamp_of_real_text_does_not_make_a_scan_a_text_page(tmp_path: Path) -> None:
    picture = photographed(written(tmp_path / "a.pdf", [f"{n}. {ENGLISH}" for n in range(1, 9)]))
    reading = read_page(document(scanned(tmp_path / "b.pdf", picture, stamp="Copy No. 17")), 1, "plain")
    assert reading.origin == "ocr"
    assert "Copy No. 17" in reading.text
    assert f"8. {ENGLISH}" in reading.text


def test_writing_in_a_picture_is_added_to_the_text_around_it(tmp_path: Path) -> None:
    picture = photographed(written(tmp_path / "a.pdf", ["SEALED AND DELIVERED"], size=30)).crop((60, 60, 900, 200))
    picture.save(tmp_path / "seal.png")
    with pymupdf.open() as drawn:
        page = drawn.new_page()
        for row in range(20):
            page.insert_text((60, 80 + 18 * row), f"{row}. {ENGLISH}, and then sleeps for the rest of the day")
        page.insert_image(pymupdf.Rect(60, 480, 480, 550), filename=tmp_path / "seal.png")
        page.insert_image(pymupdf.Rect(60, 560, 480, 800), filename=tmp_path / "seal.png")
        drawn.save(tmp_path / "b.pdf")
    reading = read_page(document(tmp_path / "b.pdf"), 1, "plain")
    assert reading.text.count("sleeps for the rest of the day") == 20


def test_letters_that_spell_nothing_are_read_from_the_picture(tmp_path: Path) -> None:
    path = written(tmp_path / "a.pdf", ["Sgd pthbj aqnvm enw itlor nudq sgd kzyx cnf bnlr"] * 12, size=12)
    reading = read_page(document(path), 1, "plain")
    assert reading.origin == "ocr"


def test_a_script_that_the_models_do_not_know_gets_a_score_that_says_so(tmp_path: Path) -> None:
    picture = photographed(written(tmp_path / "a.pdf", [KOREAN] * 3, east_asian="korea"), dpi=100)
    reading = read_page(document(scanned(tmp_path / "b.pdf", picture)), 1, "plain")
    assert reading.ocr_score is not None
    assert reading.ocr_score < 0.6
    assert any("unsure" in note for note in reading.facts.notes)


def test_reading_leaves_standard_output_clean(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    read_page(document(two_columns(tmp_path / "a.pdf")), 1, "markdown")
    read_page(document(scanned(tmp_path / "b.pdf", photographed(tmp_path / "a.pdf", dpi=80))), 1, "markdown")
    assert capfd.readouterr().out == ""


def test_importing_the_job_loads_no_model_and_no_parser() -> None:
    heavy = "{'pymupdf', 'onnxruntime', 'cv2', 'PIL', 'numpy', 'rapidocr'}"
    code = f"import sys, tasks.reading, tasks.backends.local; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_rows_are_told_by_height_and_not_by_order() -> None:
    lines = [Line("9.90", (80, 1, 95, 9)), Line("Tea", (0, 0, 30, 10)), Line("Milk", (0, 12, 30, 22))]
    assert [[line.text for line in row] for row in rows(lines)] == [["Tea", "9.90"], ["Milk"]]
    assert row_text(lines) == "Tea 9.90\nMilk"


def test_a_gap_between_rows_is_an_empty_line() -> None:
    lines = [Line("Head", (0, 0, 30, 10)), Line("Body", (0, 40, 30, 50))]
    assert row_text(lines) == "Head\n\nBody"


def test_prices_beside_goods_are_no_columns() -> None:
    goods = [Line("Something to eat", (0, 12 * n, 60, 12 * n + 10)) for n in range(10)]
    prices = [Line("9.90", (80, 12 * n, 100, 12 * n + 10)) for n in range(10)]
    prose = [Line("Something to read", (70, 12 * n, 130, 12 * n + 10)) for n in range(10)]
    assert not in_columns(goods + prices)
    assert in_columns(goods + prose)
    assert not in_columns([])


def test_till_rolls_and_small_pictures_are_read_line_by_line() -> None:
    lines = [Line("Something to eat", (0, 12 * n, 60, 12 * n + 10)) for n in range(10)]
    assert reads_line_by_line(lines, 100, 250, picture=False)
    assert reads_line_by_line(lines, 100, 150, picture=True)
    assert not reads_line_by_line(lines, 100, 150, picture=False)
    assert not reads_line_by_line(lines * 6, 100, 150, picture=True)


def grid(across: list[float], down: list[float]) -> list[list[tuple[float, float, float, float]]]:
    return [[(x0, y0, x1, y1) for x0, x1 in pairwise(across)] for y0, y1 in pairwise(down)]


def test_a_word_that_a_grid_line_crosses_stays_whole() -> None:
    words = [Line("OD30417", (5, 2, 45, 10)), Line("Total", (60, 2, 90, 10)), Line("9.90", (60, 22, 90, 30))]
    assert filled(grid([0, 30, 50, 100], [0, 20, 40]), words) == [["OD30417", "Total"], ["", "9.90"]]


def test_words_of_one_phrase_stay_in_one_cell() -> None:
    words = [Line("Shipping", (10, 2, 45, 10)), Line("address", (48, 2, 80, 10)), Line("Price", (90, 2, 99, 10))]
    assert filled(grid([0, 47, 85, 100], [0, 20]), words) == [["Shipping address", "Price"]]


def test_an_empty_grid_is_no_table() -> None:
    assert filled(grid([0, 50, 100], [0, 20]), []) == []
    assert as_markdown([]) == ""


def test_cells_cannot_break_their_table() -> None:
    assert as_markdown([["a|b", "c\nd"]]) == "|a\\|b|c<br>d|\n|---|---|"


@given(
    st.lists(st.tuples(st.integers(0, 95), st.integers(0, 95), st.text("abc19.", min_size=1, max_size=5)), max_size=20)
)
def test_no_word_is_lost_in_a_table(places: list[tuple[int, int, str]]) -> None:
    words = [Line(text, (x, y, x + 4, y + 4)) for x, y, text in places]
    cells = filled(grid([0, 30, 60, 100], [0, 50, 100]), words)
    assert sorted(" ".join(cell for row in cells for cell in row).split()) == sorted(text for _, _, text in places)


def test_scores_are_weighed_by_characters_and_layer_lines_have_none() -> None:
    box = (0.0, 0.0, 1.0, 1.0)
    assert mean_score([Line("abc", box, 1.0), Line("d", box, 0.2), Line("from the layer", box)]) == pytest.approx(0.8)
    assert mean_score([Line("from the layer", box)]) is None


def test_one_tall_character_does_not_turn_a_page() -> None:
    assert not runs_sideways([Line("1", (0, 0, 2, 10))])
    assert runs_sideways([Line("12", (0, 0, 2, 10)), Line("3", (0, 0, 2, 10))])


def test_a_line_is_covered_by_what_stands_along_most_of_it() -> None:
    line = Line("Total 9.90", (0, 0, 100, 12))
    assert covered(line, [Line("Total", (0, 2, 40, 10)), Line("9.90", (60, 2, 100, 10))])
    assert not covered(line, [Line("Total", (0, 2, 40, 10))])
    assert not covered(line, [Line("Total 9.90", (0, 14, 100, 24))])


@given(
    rotation=st.sampled_from([0, 90, 180, 270]),
    box=st.tuples(*[st.integers(0, 50)] * 4).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])),
)
def test_turning_four_times_comes_back(rotation: int, box: tuple[float, float, float, float]) -> None:
    width, height, turned = 100.0, 120.0, box
    for _ in range(4):
        turned = turned_back(turned, rotation, width, height)
        assert turned[0] <= turned[2]
        assert turned[1] <= turned[3]
        width, height = (width, height) if rotation % 180 == 0 else (height, width)
    assert turned == box
