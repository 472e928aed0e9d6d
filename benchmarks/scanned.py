"""Pages of reports drawn as pictures, and the text layer that they had as the truth.

    python -m benchmarks.scanned FOLDER TO

FOLDER holds a folder of PDFs for each language; TO gets `in/en-1.png` and `truth/en-1.txt`. It is the friendly case of
a scan: clean type, drawn straight, without noise.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pymupdf

PAGES = {"en": 1, "fr": 1, "zh": 2, "ja": 1}
DPI = 150


def write(folder: Path, to: Path) -> None:
    """Write pictures and truth."""
    for name in ("in", "truth"):
        (to / name).mkdir(parents=True, exist_ok=True)
    for language, count in PAGES.items():
        for number, path in enumerate(sorted((folder / language).glob("*.pdf"))[:count], start=1):
            with pymupdf.open(path) as document:
                document[0].get_pixmap(dpi=DPI).save(to / "in" / f"{language}-{number}.png")
                (to / "truth" / f"{language}-{number}.txt").write_text(document[0].get_text(), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]), Path(sys.argv[2]))
