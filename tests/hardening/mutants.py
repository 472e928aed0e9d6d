"""Documents with their bytes changed at random: flipped, cut, spliced, doubled, overwritten."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pymupdf
from PIL import Image

from tests.mill import card, paper
from tests.papers import jpeg, pdf, scanned, stripes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from random import Random

KINDS = ("PNG", "TIFF", "JPEG", "WEBP", "GIF", "BMP")
STRANGE = (b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"-1", b"4294967296", b"<<", b"endobj", b"stream\n", b"R /F")
"""What parsers do not expect to meet: the largest and the smallest of numbers, and their own words elsewhere."""


def seeds(folder: Path) -> list[bytes]:
    """Whole documents of every format, small ones."""
    pictures = []
    for kind in KINDS:
        buffer = io.BytesIO()
        stripes(64, 48).save(buffer, kind)
        pictures.append(buffer.getvalue())
    papers = [
        paper(folder / "plain.pdf", "one", "two"),
        pdf(folder / "dense.pdf", "one", width=144, height=72, garbage=4, deflate=True, use_objstms=1),
        pdf(
            folder / "locked.pdf", "one", width=144, height=72, encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner"
        ),
        scanned(folder / "scan.pdf", jpeg(stripes(90, 120)), 90, 120),
        card(folder / "pages.tiff", "page", frames=2),
    ]
    Image.new("1", (64, 48)).save(folder / "fax.tiff", compression="group4")
    return [*pictures, *(path.read_bytes() for path in (*papers, folder / "fax.tiff"))]


def mutants(seeds: Sequence[bytes], dice: Random) -> Iterator[bytes]:
    """Change documents without end, each seed in its turn."""
    while True:
        for seed in seeds:
            data = bytearray(seed)
            for _ in range(dice.randint(1, 4)):
                dice.choice(CHANGES)(data, dice, seeds)
            yield bytes(data)


def flip(data: bytearray, dice: Random, _: Sequence[bytes]) -> None:
    for _ in range(dice.randint(1, 16)):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def cut(data: bytearray, dice: Random, _: Sequence[bytes]) -> None:
    del data[max(1, dice.randrange(len(data))) :]


def remove(data: bytearray, dice: Random, _: Sequence[bytes]) -> None:
    start = dice.randrange(1, len(data) + 1)
    del data[start : start + dice.randint(1, 64)]


def splice(data: bytearray, dice: Random, seeds: Sequence[bytes]) -> None:
    other = dice.choice(seeds)
    start = dice.randrange(len(other))
    at = dice.randrange(len(data))
    data[at:at] = other[start : start + dice.randint(1, 256)]


def double(data: bytearray, dice: Random, _: Sequence[bytes]) -> None:
    start = dice.randrange(len(data))
    data[start:start] = data[start : start + dice.randint(1, 256)]


def overwrite(data: bytearray, dice: Random, _: Sequence[bytes]) -> None:
    word = dice.choice(STRANGE)
    start = dice.randrange(len(data))
    data[start : start + len(word)] = word


CHANGES: tuple[Callable[[bytearray, Random, Sequence[bytes]], None], ...] = (
    flip,
    flip,
    overwrite,
    overwrite,
    remove,
    splice,
    double,
    cut,
)
