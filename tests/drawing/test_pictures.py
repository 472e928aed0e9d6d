from __future__ import annotations

import struct
import zlib

import pytest
from PIL import Image, ImageChops, ImageStat

from schemas.errors import CorruptDocument, DocumentTooLarge, RenderFailed
from schemas.pixels import Size
from tasks.drawing import open_source
from tests.papers import corpus, jpeg, stripes

ORIENTATION = 0x0112
UNDOING = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
"""What a camera did to the picture for each EXIF orientation."""


def difference(one, other):
    return max(ImageStat.Stat(ImageChops.difference(one.convert("RGB"), other.convert("RGB"))).mean)


@pytest.mark.parametrize("written", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("orientation", UNDOING)
def test_a_picture_is_turned_as_its_camera_says(tmp_path, written, orientation):
    upright = stripes(240, 160)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    undoing = UNDOING[orientation]
    (upright.transpose(undoing) if undoing is not None else upright).save(tmp_path / "a", written, exif=exif)
    source = open_source(str(tmp_path / "a"), f"image/{written.lower()}")
    assert source.natural_size(1) == (240, 160)
    assert difference(source.picture(1, Size(240, 160)), upright) < 4
    assert difference(source.picture(1, Size(60, 40)), upright.resize((60, 40))) < 8
    facts = source.facts(1, source.picture(1, Size(60, 40)))
    assert facts.width > facts.height


@pytest.mark.parametrize("name", ["Portrait_3", "Portrait_6", "Portrait_8"])
def test_real_turned_photographs_look_like_the_upright_one(name):
    folder = corpus("orientation")
    upright, turned = (open_source(str(folder / f"{each}.jpg"), "image/jpeg") for each in ("Portrait_1", name))
    size = Size(300, 450)
    assert turned.natural_size(1) == upright.natural_size(1) == (1_200, 1_800)
    assert difference(turned.picture(1, size), upright.picture(1, size)) < 6
    assert turned.scan(1) is None


@pytest.mark.parametrize("written", ["TIFF", "GIF", "WEBP", "PNG", "AVIF"])
def test_each_frame_is_drawn_for_its_own_page_in_any_order(tmp_path, written):
    colours = [(200, 0, 0), (0, 200, 0), (0, 0, 200)]
    first, *more = [Image.new("RGB", (64, 48), colour) for colour in colours]
    first.save(tmp_path / "a", written, save_all=True, append_images=more)
    source = open_source(str(tmp_path / "a"), f"image/{written.lower()}")
    for page_no in (3, 1, 2):
        pixel = source.picture(page_no, Size(32, 32)).getpixel((16, 16))
        assert isinstance(pixel, tuple)
        assert max(abs(seen - meant) for seen, meant in zip(pixel, colours[page_no - 1], strict=True)) < 12


def test_pages_of_a_fax_may_differ_in_size(tmp_path):
    first, second = stripes(160, 80, "1"), stripes(80, 200, "1")
    first.save(tmp_path / "a", "TIFF", save_all=True, append_images=[second], compression="group4", dpi=(100, 50))
    source = open_source(str(tmp_path / "a"), "image/tiff")
    assert [source.natural_size(page_no) for page_no in (1, 2)] == [(160, 80), (80, 200)]
    facts = source.facts(1, source.picture(1, Size(160, 80)))
    assert (facts.width, facts.height) == (115.2, 115.2)


def test_an_icon_is_its_largest_picture(tmp_path):
    stripes(128, 128, "RGBA").save(tmp_path / "a.ico", sizes=[(16, 16), (128, 128), (64, 64)])
    assert open_source(str(tmp_path / "a.ico"), "image/x-icon").natural_size(1) == (128, 128)


@pytest.mark.parametrize("dpi", [None, (0, 0), (1, 1), (1e9, 1e9)])
def test_a_pixel_is_a_point_where_no_credible_resolution_is_given(tmp_path, dpi):
    stripes(90, 60).save(tmp_path / "a", "TIFF", **({"dpi": dpi} if dpi else {}))
    source = open_source(str(tmp_path / "a"), "image/tiff")
    facts = source.facts(1, source.picture(1, Size(90, 60)))
    assert (facts.width, facts.height, facts.rotation) == (90, 60, 0)


def test_an_upright_jpeg_is_a_scan_of_itself(tmp_path):
    data = jpeg(stripes(90, 60), progressive=True)
    (tmp_path / "a").write_bytes(data)
    scan = open_source(str(tmp_path / "a"), "image/jpeg").scan(1)
    assert scan is not None
    assert (scan.data, scan.size, scan.grey) == (data, (90, 60), False)


def test_a_cmyk_jpeg_and_a_png_are_no_scans(tmp_path):
    (tmp_path / "a").write_bytes(jpeg(stripes(90, 60).convert("CMYK")))
    stripes(90, 60).save(tmp_path / "b", "PNG")
    assert open_source(str(tmp_path / "a"), "image/jpeg").scan(1) is None
    assert open_source(str(tmp_path / "b"), "image/png").scan(1) is None


def png_header(width, height):
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))


@pytest.mark.parametrize("side", [17_400, 100_000])
def test_a_bomb_is_refused_by_its_header(tmp_path, side):
    data = png_header(side, side) + struct.pack(">I", 0) + b"IDAT" + struct.pack(">I", zlib.crc32(b"IDAT"))
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(DocumentTooLarge):
        open_source(str(tmp_path / "a"), "image/png").natural_size(1)


def test_a_cut_picture_fails_when_it_is_drawn(tmp_path):
    data = jpeg(stripes(900, 600))
    (tmp_path / "a").write_bytes(data[: len(data) // 2])
    source = open_source(str(tmp_path / "a"), "image/jpeg")
    with pytest.raises(RenderFailed, match=r"^page 1: .*truncated"):
        source.picture(1, Size(900, 600))


def test_content_that_is_not_what_its_first_bytes_say_is_corrupt(tmp_path):
    (tmp_path / "a").write_bytes(b"GIF89a")
    with pytest.raises(CorruptDocument):
        open_source(str(tmp_path / "a"), "image/gif")


def test_a_picture_has_one_page_that_can_be_asked_for(tmp_path):
    stripes(90, 60).save(tmp_path / "a", "PNG")
    source = open_source(str(tmp_path / "a"), "image/png")
    assert source.pymupdf_page(1) is None
    with pytest.raises(RenderFailed, match="there is no page 2"):
        source.picture(2, Size(90, 60))
