from __future__ import annotations

import pytest
from PIL import Image, ImageChops, ImageStat

from tasks.drawing.modes import plain
from tests.papers import stripes

SIZE = (120, 160)


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, in grey levels."""
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean)


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [
        ("1", "L"),
        ("L", "L"),
        ("I;16", "L"),
        ("I", "L"),
        ("F", "L"),
        ("LA", "L"),
        ("P", "RGB"),
        ("PA", "RGB"),
        ("RGB", "RGB"),
        ("RGBA", "RGB"),
        ("RGBX", "RGB"),
        ("CMYK", "RGB"),
        ("YCbCr", "RGB"),
        ("HSV", "RGB"),
    ],
)
def test_every_mode_becomes_grey_or_rgb_and_looks_the_same(mode, wanted):
    page = stripes(*SIZE, "L").point(lambda level: 255 if level > 100 else 0)
    picture = page.convert("I").convert("I;16") if mode == "I;16" else page.convert("RGB").convert(mode)
    result = plain(picture)
    assert (result.mode, result.size) == (wanted, SIZE)
    assert difference(result, page) < 4


def test_lab_becomes_the_colours_that_it_means():
    white_and_black = Image.new("LAB", (2, 1))
    white_and_black.putdata([(255, 128, 128), (0, 128, 128)])
    light, dark = plain(white_and_black).convert("L").get_flattened_data()
    assert light > 250
    assert dark < 5


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_deep_samples_are_scaled_by_the_range_that_they_use(bits):
    top = (1 << bits) - 1
    picture = Image.new("I", (3, 1))
    picture.putdata([0, top // 2, top])
    assert [round(level / 4) for level in plain(picture).get_flattened_data()] == [0, 32, 64]


def test_floats_up_to_one_are_scaled_and_negative_ones_lifted():
    picture = Image.new("F", (3, 1))
    picture.putdata([0.0, 0.5, 1.0])
    assert [round(level / 4) for level in plain(picture).get_flattened_data()] == [0, 32, 64]
    picture.putdata([-1.0, 0.0, 0.0])
    assert list(plain(picture).get_flattened_data()) == [0, 255, 255]


@pytest.mark.parametrize("mode", ["LA", "RGBA", "PA"])
def test_what_is_transparent_becomes_white(mode):
    picture = Image.new("RGBA", (2, 1), (0, 0, 0, 0))
    picture.putpixel((1, 0), (0, 0, 0, 255))
    result = plain(picture.convert(mode))
    assert list(result.convert("L").get_flattened_data()) == [255, 0]


def test_a_transparent_colour_becomes_white(tmp_path):
    picture = Image.new("P", (2, 1), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0])
    picture.putpixel((1, 0), 1)
    picture.save(tmp_path / "a.gif", transparency=0)
    with Image.open(tmp_path / "a.gif") as loaded:
        loaded.load()
        result = plain(loaded)
    assert result.getpixel((0, 0)) == (255, 255, 255)
    assert result.getpixel((1, 0)) == (255, 0, 0)
