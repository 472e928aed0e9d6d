"""The vendor's resize formula, held against its published examples and its own bounds."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.pixels import MARKER_TOKENS, fit, image_tokens
from schemas.requests import RenderSpec

VL32 = RenderSpec()
VL32_HIGH = RenderSpec(max_pixels=16_777_216)
VL28 = RenderSpec(patch=28, min_pixels=3_136, max_pixels=1_003_520)
VL28_HIGH = RenderSpec(patch=28, min_pixels=3_136, max_pixels=12_845_056)
OCR32 = RenderSpec(min_pixels=3_072, max_pixels=8_388_608)
OCR28 = RenderSpec(patch=28, min_pixels=3_136, max_pixels=6_422_528)
SPECS = [VL32, VL32_HIGH, VL28, VL28_HIGH, OCR32, OCR28]

VECTORS = [
    ((595, 842), (496, 496, 632, 632, 496, 632)),
    ((827, 1169), (964, 964, 1262, 1262, 964, 1262)),
    ((1240, 1754), (2147, 2147, 1262, 2774, 2147, 2774)),
    ((1654, 2339), (2522, 3798, 1262, 4958, 3798, 4958)),
    ((2480, 3508), (2522, 8582, 1262, 11127, 8134, 8134)),
    ((4960, 7016), (2522, 16266, 1262, 16266, 8134, 8134)),
    ((512, 512), (258, 258, 326, 326, 258, 326)),
    ((689, 487), (332, 332, 427, 427, 332, 427)),
    ((1500, 1734), (2540, 2540, 1256, 3350, 2540, 3350)),
    ((6000, 3000), (2487, 16292, 1252, 16292, 8194, 8194)),
    ((20, 20), (6, 6, 6, 6, 6, 6)),
]


@pytest.mark.parametrize(("picture", "tokens"), VECTORS, ids=lambda value: "x".join(map(str, value)))
def test_a_picture_costs_the_tokens_that_the_vendor_publishes(picture, tokens):
    assert tuple(image_tokens(*picture, spec) for spec in SPECS) == tokens


def test_the_resized_page_has_the_published_size():
    assert fit(1240, 1754, VL32) == (1248, 1760)
    assert fit(1654, 2339, VL32) == (1344, 1920)
    assert fit(2480, 3508, OCR28) == (2128, 2996)


@given(
    st.integers(11, 12_000),
    st.integers(11, 12_000),
    st.sampled_from(SPECS),
)
def test_the_size_is_on_the_grid_and_within_the_bounds(width, height, spec):
    size = fit(width, height, spec)

    assert size.width % spec.patch == 0
    assert size.height % spec.patch == 0
    if max(width, height) <= 200 * min(width, height):
        slack = (max(size) + spec.patch) * spec.patch
        assert size.width * size.height <= spec.max_pixels + slack
        assert size.width * size.height >= spec.min_pixels


@given(st.integers(64, 6_000), st.integers(64, 6_000), st.sampled_from(SPECS))
def test_a_picture_of_the_fitted_size_is_not_resized_again(width, height, spec):
    size = fit(width, height, spec)

    assert fit(*size, spec) == size
    assert image_tokens(*size, spec) == math.prod(size) // spec.patch**2 + MARKER_TOKENS


@pytest.mark.parametrize("side", [0, -3])
def test_a_picture_without_pixels_is_refused(side):
    with pytest.raises(ValueError, match="no pixels"):
        fit(side, 100, VL32)
