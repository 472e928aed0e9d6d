from __future__ import annotations

import asyncio
import io
from dataclasses import replace

import pymupdf
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageDraw, ImageStat

from schemas.documents import Document, RejectedDocument, SourceFile, Span
from schemas.errors import DocumentChanged, DocumentError, DocumentTooLarge, RenderFailed
from schemas.pixels import MAX_RATIO, MIN_SIDE, Size, fit
from schemas.requests import RenderSpec
from tasks.discover import discover
from tasks.drawing import cache
from tasks.identify import examine
from tasks.render import encoded, framed, render_pages, render_span
from tasks.workers import WorkerPool
from tests.papers import corpus, jpeg, known, pdf, scanned, stripes

SPEC = RenderSpec()
SPECS = [SPEC, RenderSpec(max_pixels=8_388_608, min_pixels=3_072), RenderSpec(patch=28, max_pixels=1_003_520)]


@pytest.fixture(autouse=True)
def _empty_cache():
    yield
    while cache._open:
        cache._open.popitem()[1].close()


def render(document, spec=SPEC, page_no=1):
    (page,) = render_pages(document, [page_no], spec)
    return page


def decoded(image):
    picture = Image.open(io.BytesIO(image.data))
    picture.load()
    assert (picture.format, image.media_type) == ("JPEG", "image/jpeg")
    assert picture.size == (image.width, image.height)
    return picture


async def test_a_span_is_rendered_in_a_worker_in_the_order_of_its_pages(tmp_path):
    document = known(pdf(tmp_path / "a.pdf", "one", "two", "three"))
    with WorkerPool(1, memory_mb=400) as workers:
        pages = await render_span(Span(document, (2, 3)), SPEC, workers=workers, seconds=60)
    assert [(page.page_no, page.facts.layer_text) for page in pages] == [(2, "two"), (3, "three")]
    assert {(page.image.width, page.image.height) for page in pages} == {fit(1_653, 2_339, SPEC)}
    for page in pages:
        decoded(page.image)


async def test_a_file_that_changed_is_refused_across_processes(tmp_path):
    document = known(pdf(tmp_path / "a.pdf", "one"))
    pdf(tmp_path / "a.pdf", "one", "two")
    with WorkerPool(1, memory_mb=400) as workers, pytest.raises(DocumentChanged):
        await render_span(Span(document, (1,)), SPEC, workers=workers, seconds=60)


@pytest.mark.parametrize("spec", SPECS)
def test_a_page_is_sent_at_the_size_at_which_the_model_sees_it(tmp_path, spec):
    image = render(known(pdf(tmp_path / "a.pdf", "text")), spec).image
    assert (image.width, image.height) == fit(1_653, 2_339, spec) == fit(image.width, image.height, spec)
    decoded(image)


@given(
    st.integers(1, 100_000),
    st.integers(1, 100_000),
    st.sampled_from([*SPECS, RenderSpec(max_pixels=30_720_000)]),
)
def test_every_shape_becomes_one_that_the_service_takes_and_leaves_alone(width, height, spec):
    frame = framed(Size(width, height), spec)
    assert fit(*frame.sent, spec) == frame.sent
    assert min(frame.sent) >= MIN_SIDE
    assert max(frame.sent) <= MAX_RATIO * min(frame.sent)
    assert 1 <= frame.page.width <= frame.sent.width
    assert 1 <= frame.page.height <= frame.sent.height


@given(st.integers(600, 4_000), st.integers(600, 4_000), st.sampled_from(SPECS))
def test_ordinary_shapes_fill_the_picture_and_keep_their_proportions(width, height, spec):
    frame = framed(Size(width, height), spec)
    assert frame.page == frame.sent
    assert frame.sent.width / frame.sent.height == pytest.approx(width / height, rel=0.2)


def test_white_fills_what_an_extreme_page_leaves(tmp_path):
    Image.new("RGB", (8, 3_000), "black").save(tmp_path / "a.png")
    page = render(known(tmp_path / "a.png"))
    picture = decoded(page.image).convert("L")
    assert picture.size == (32, 3_008)
    assert picture.getpixel((2, 1_500)) < 30
    assert picture.getpixel((20, 1_500)) > 225
    assert page.facts.ink == 0


def test_a_page_without_colour_is_sent_grey_and_one_with_a_stamp_is_not(tmp_path):
    with pymupdf.open() as drawn:
        for colour in ((0, 0, 0), (0.8, 0, 0)):
            drawn.new_page().draw_circle((300, 300), 60, color=colour, width=3)
        drawn.save(tmp_path / "a.pdf")
    document = known(tmp_path / "a.pdf")
    assert [decoded(page.image).mode for page in render_pages(document, [1, 2], SPEC)] == ["L", "RGB"]
    assert decoded(render(document, RenderSpec(colour="rgb"), 1).image).mode == "RGB"
    assert decoded(render(document, RenderSpec(colour="grey"), 2).image).mode == "L"


PICTURES = {
    "BMP": "RGB",
    "DIB": "RGB",
    "ICNS": "RGBA",
    "ICO": "RGBA",
    "JPEG": "CMYK",
    "JPEG2000": "RGB",
    "PNG": "P",
    "SGI": "L",
    "TIFF": "1",
    "WEBP": "RGBA",
    "GIF": "P",
    "HEIF": "RGBA",
    "AVIF": "RGB",
}


@pytest.mark.parametrize(("written", "mode"), PICTURES.items())
def test_pictures_of_every_format_are_rendered(tmp_path, written, mode):
    original = stripes(512, 512).convert(mode)
    original.save(tmp_path / "a", written)
    image = render(known(tmp_path / "a")).image
    side = {"ICO": 256, "ICNS": 1_024}.get(written, 512)
    assert (image.width, image.height, image.passed_through) == (side, side, False)
    shown = decoded(image).convert("L").resize((512, 512))
    assert ImageStat.Stat(ImageChops.difference(shown, original.convert("L"))).mean[0] < 6


def test_a_jpeg_within_the_models_sight_is_passed_on_unchanged(tmp_path):
    data = jpeg(stripes(1_240, 1_754))
    (tmp_path / "a.jpg").write_bytes(data)
    for path in (tmp_path / "a.jpg", scanned(tmp_path / "a.pdf", data, 595.2, 841.9)):
        page = render(known(path))
        assert (page.image.data, page.image.passed_through) == (data, True)
        assert (page.image.width, page.image.height) == (1_240, 1_754)
        rendered = render(known(path), RenderSpec(max_bytes=len(data) - 1))
        assert not rendered.image.passed_through
        assert rendered.facts.ink == pytest.approx(page.facts.ink, abs=0.01)
        assert (rendered.facts.width, rendered.facts.height) == (page.facts.width, page.facts.height)


@pytest.mark.parametrize(
    ("size", "spec"),
    [
        ((2_480, 3_508), SPEC),
        ((500, 707), SPEC),
        ((1_240, 1_754), RenderSpec(colour="grey")),
        ((1_240, 1_754), RenderSpec(max_bytes=30_000)),
    ],
    ids=["more than the model sees", "enlarged before it is read", "grey was asked for", "too many bytes"],
)
def test_a_scan_that_does_not_serve_as_it_is_is_rendered(tmp_path, size, spec):
    document = known(scanned(tmp_path / "a.pdf", jpeg(stripes(*size)), 595.2, 841.9))
    assert not render(document, spec).image.passed_through


def test_a_scan_that_is_cut_short_is_rendered_as_far_as_it_goes(tmp_path):
    data = jpeg(stripes(1_240, 1_754))
    page = render(known(scanned(tmp_path / "a.pdf", data[: len(data) * 3 // 4], 595.2, 841.9)))
    assert not page.image.passed_through


def test_a_page_is_encoded_within_the_bytes_that_are_allowed():
    noise = Image.merge("RGB", [Image.effect_noise((640, 640), 90) for _ in range(3)])
    full = encoded(noise, SPEC)
    coarser = encoded(noise, RenderSpec(max_bytes=len(full.data) - 1))
    smaller = encoded(noise, RenderSpec(max_bytes=len(full.data) // 8))
    assert (coarser.width, coarser.height) == (640, 640)
    assert len(coarser.data) < len(full.data)
    assert len(smaller.data) <= len(full.data) // 8
    assert smaller.width < 640
    assert fit(smaller.width, smaller.height, SPEC) == (smaller.width, smaller.height)
    with pytest.raises(DocumentTooLarge, match="cannot be encoded in 10 bytes"):
        encoded(noise, RenderSpec(max_bytes=10))


def test_a_page_that_fails_does_not_spoil_the_next(tmp_path):
    (tmp_path / "a.jpg").write_bytes(jpeg(stripes(900, 600))[:9_000])
    document = known(pdf(tmp_path / "a.pdf", "one", "two"))
    with pytest.raises(RenderFailed, match="page 1: "):
        render(known(tmp_path / "a.jpg"))
    with pytest.raises(RenderFailed, match="there is no page 3"):
        render(document, page_no=3)
    assert render(document, page_no=2).facts.layer_text == "two"


def test_a_locked_document_is_rendered_with_its_password(tmp_path):
    path = pdf(tmp_path / "a.pdf", "one", encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="o", user_pw="sesame")
    assert render(known(path, "sesame")).facts.layer_text == "one"


def test_names_of_any_bytes_are_rendered(tmp_path):
    data = pdf(tmp_path / "a.pdf", "one").read_bytes()
    with open(bytes(tmp_path) + b"/\xff\n.pdf", "wb") as hostile:  # noqa: PTH123 - the name is bytes
        hostile.write(data)
    stripes(64, 64).save(bytes(tmp_path) + b"/\xfe.png")
    for file in discover([str(tmp_path)]):
        assert isinstance(file, SourceFile)
        document = examine(file, ())
        assert isinstance(document, Document)
        assert render(document).image.data


def test_a_handwritten_word_on_a_coloured_form_keeps_its_colour(tmp_path):
    form = stripes(1_000, 1_400)
    ImageDraw.Draw(form).text((600, 1_200), "Müller", fill=(20, 40, 190), font_size=60)
    form.save(tmp_path / "a.png")
    assert decoded(render(known(tmp_path / "a.png")).image).mode == "RGB"


@pytest.mark.parametrize("folder", ["ocrmypdf", "encrypted", "orientation"])
def test_real_pages_are_sent_as_the_model_sees_them(folder):
    refused = {}
    for file in discover([str(corpus(folder))]):
        assert isinstance(file, SourceFile)
        document = examine(file, ())
        if isinstance(document, RejectedDocument):
            continue
        try:
            image = render(document).image
        except DocumentError as error:
            refused[file.name] = error.kind
            continue
        shape = (image.width, image.height)
        assert image.passed_through or fit(*shape, SPEC) == shape
        assert image.width * image.height <= SPEC.max_pixels
    assert refused == ({"hugemono.pdf": "too_large"} if folder == "ocrmypdf" else {})


@pytest.mark.long
async def test_two_thousand_pages_do_not_fill_the_memory(tmp_path):
    with pymupdf.open() as drawn:
        for number in range(2_000):
            drawn.new_page().insert_text((60, 80), f"page {number}")
        drawn.save(tmp_path / "a.pdf")
    document = known(tmp_path / "a.pdf")
    with WorkerPool(2, memory_mb=300) as workers:
        for first in range(1, 2_001, 100):
            spans = [Span(document, (page_no,)) for page_no in range(first, first + 100)]
            await asyncio.gather(*(render_span(span, SPEC, workers=workers, seconds=60) for span in spans))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_is_turned_clockwise_and_its_facts_are_of_the_page_as_displayed(tmp_path, turn):
    document = known(scanned(tmp_path / "a.pdf", jpeg(stripes(600, 800))))
    upright, turned = render(document), render(document, replace(SPEC, turn=turn))
    assert (turned.facts.width, turned.facts.height) == (upright.facts.width, upright.facts.height)
    assert (turned.image.passed_through, upright.image.passed_through) == (False, True)
    back = decoded(turned.image).rotate(turn, expand=True).convert("L").resize((60, 80))
    difference = ImageChops.difference(back, decoded(upright.image).convert("L").resize((60, 80)))
    assert ImageStat.Stat(difference).mean[0] < 5
