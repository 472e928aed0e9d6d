from __future__ import annotations

import pytest
from PIL import Image, ImageDraw, ImageEnhance

from tasks.drawing.looks import has_colour, ink, is_even
from tests.papers import stripes


def noisy(size: tuple[int, int], sigma: float, mean: int) -> Image.Image:
    return Image.effect_noise(size, sigma).point(lambda level: level + mean - 128)


@pytest.mark.parametrize("ground", [0, 128, 235, 255])
def test_an_even_page_has_no_ink_whatever_its_colour(ground):
    assert ink(Image.new("L", (800, 1_000), ground)) == 0


def test_an_empty_scan_has_hardly_any_ink():
    assert ink(noisy((1_240, 1_754), 6, 225)) < 0.001


def test_one_line_on_a_page_is_ink():
    page = Image.new("L", (1_654, 2_339), 255)
    ImageDraw.Draw(page).text((200, 200), "Paid in full, 3 May.", fill=0, font_size=40)
    assert 0.0005 < ink(page) < 0.01


def test_white_print_on_a_dark_page_is_ink_as_well():
    page = stripes(600, 800, "L")
    assert ink(page.point(lambda level: 255 - level)) == pytest.approx(ink(page), abs=0.01)


def test_ink_hardly_depends_on_the_resolution():
    page = stripes(2_000, 2_600, "L")
    assert ink(page.resize((500, 650))) == pytest.approx(ink(page), abs=0.01)


def test_a_small_stamp_is_colour():
    page = stripes(1_344, 1_920)
    assert not has_colour(page)
    ImageDraw.Draw(page).ellipse((900, 1_500, 1_000, 1_600), outline="red", width=4)
    assert has_colour(page)


def test_grey_and_the_fringes_of_a_bad_camera_are_no_colour():
    assert not has_colour(Image.new("L", (10, 10)))
    page = stripes(600, 800)
    assert not has_colour(ImageEnhance.Color(Image.merge("RGB", [*page.split()[:2], page.split()[0]])).enhance(1.2))
    red, green, blue = page.split()
    assert not has_colour(Image.merge("RGB", [red.point(lambda level: max(0, level - 20)), green, blue]))


def test_a_box_is_even_where_nothing_shows_in_it():
    page = Image.new("L", (100, 100), 255)
    ImageDraw.Draw(page).rectangle((50, 50, 60, 60), fill=0)
    assert is_even(page, (0, 0, 40, 40))
    assert not is_even(page, (40, 40, 70, 70))
    assert is_even(page, (52, 52, 58, 58))
