"""What a process holds does not grow with the pages that it has drawn."""

from __future__ import annotations

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import pymupdf
from PIL import Image

ROOT = Path(__file__).parents[2]
SCAN = (1_654, 2_339)
PAGES = 30
GROWTH = 40_000_000
"""Bytes; the pictures of these pages are 340 million, unpacked."""

DRAW = """
import os, sys
from schemas.pixels import Size
from tasks.drawing.open import open_source
from tests.proofs.lives import resident

source, seen = open_source(sys.argv[1], "application/pdf"), []
for page_no in range(1, source.page_count + 1):
    source.facts(page_no, source.picture(page_no, Size(827, 1169)))
    seen.append(resident(os.getpid()))
print(max(seen) - max(seen[:5]))
"""


def test_pages_that_are_pictures_do_not_pile_up(tmp_path):
    data = BytesIO()
    Image.effect_noise(SCAN, 40).convert("RGB").save(data, "JPEG", quality=30)
    with pymupdf.open() as document:
        for number in range(PAGES):  # what stands behind a JPEG's end makes it another picture
            stream = data.getvalue() + number.to_bytes(2, "big")
            document.new_page(width=595, height=842).insert_image((0, 0, 595, 842), stream=stream)
        document.save(tmp_path / "scan.pdf")

    drawn = [sys.executable, "-c", DRAW, tmp_path / "scan.pdf"]
    grown = int(subprocess.run(drawn, cwd=ROOT, check=True, capture_output=True, text=True).stdout)

    assert grown < GROWTH
