"""Tokens as the service bills them, against figures that it published or was seen to give."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.emulator import tokens
from tests.emulator.models import OCR28, OCR32, VL28, VL32, late_2024

HIGH = 16_777_216


@pytest.mark.parametrize(
    ("width", "height", "vl32", "vl28", "ocr32", "ocr28"),
    [
        (595, 842, 496, 632, 496, 632),
        (1_240, 1_754, 2_147, 1_262, 2_147, 2_774),
        (1_654, 2_339, 2_522, 1_262, 3_798, 4_958),
        (2_480, 3_508, 2_522, 1_262, 8_134, 8_134),
        (689, 487, 332, 427, 332, 427),
        (1_500, 1_734, 2_540, 1_256, 2_540, 3_350),
        (6_000, 3_000, 2_487, 1_252, 8_194, 8_194),
        (20, 20, 6, 6, 6, 6),
    ],
)
def test_pages_by_family(width: int, height: int, vl32: int, vl28: int, ocr32: int, ocr28: int) -> None:
    counted = [tokens.image_tokens(width, height, vision) for vision in (VL32, VL28, OCR32, OCR28)]
    assert counted == [vl32, vl28, ocr32, ocr28]


def test_a_caller_raises_the_cap() -> None:
    assert tokens.image_tokens(2_480, 3_508, VL32, high=HIGH) == 8_582
    assert tokens.image_tokens(2_480, 3_508, VL28, high=16_384 * 28**2) == 11_127


def test_a_picture_of_late_2024_counts_without_its_markers() -> None:
    vision = late_2024()["qwen-vl-plus"].vision
    assert tokens.image_tokens(2_048, 1_365, vision) == 1_247
    assert tokens.image_tokens(2_048, 1_365, vision, high=16_384 * 28**2) == 3_577
    assert tokens.image_tokens(2_048, 1_365, replace(vision, markers=2)) == 1_249


@given(st.integers(11, 9_000), st.integers(11, 9_000), st.sampled_from([VL32, VL28, OCR32, OCR28]))
def test_a_seen_picture_stays_on_the_grid(width: int, height: int, vision: object) -> None:
    wide, tall = tokens.seen_size(width, height, vision, vision.min_pixels, vision.max_pixels)
    assert wide % vision.patch == tall % vision.patch == 0
    if max(width, height) <= 20 * min(width, height):
        assert vision.min_pixels <= wide * tall <= vision.max_pixels


@settings(deadline=None)  # the first text loads the tokenizer
@given(st.text(max_size=200), st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_pieces_of_a_stream_add_up(text: str, sizes: list[int]) -> None:
    import unicodedata

    pieces = list(tokens.pieces(text, sizes))
    assert "".join(piece for piece, _ in pieces) == unicodedata.normalize("NFC", text)
    assert [count for _, count in pieces][-1:] == ([tokens.count(text)] if text else [])


def test_a_cut_text_is_a_beginning_in_whole_characters() -> None:
    text = "合同编号 𠮷野家 🙂 invoice" * 5
    for limit in range(tokens.count(text) + 1):
        assert text.startswith(tokens.cut(text, limit))


def test_special_tokens_in_a_text_are_text() -> None:
    assert tokens.count("<|im_end|>") > 1
