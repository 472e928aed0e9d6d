"""One text in nine languages as pages, and what stands on them: a folder of documents and a folder of truth.

    python -m benchmarks.rendered FOLDER TO [--pictures]

FOLDER holds the Universal Declaration of Human Rights as XML, one file a language. TO gets `in/de.pdf` and
`truth/de.txt`, or with --pictures a PNG for each page, as a scanner would leave it.
"""

from __future__ import annotations

import argparse
import html
from pathlib import Path
from typing import TYPE_CHECKING

import pymupdf

from benchmarks.parallel_texts import texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

ARTICLES_A_PAGE = 5
DPI = 150
RIGHT_TO_LEFT = frozenset({"ar"})
_A4 = pymupdf.Rect(0, 0, 595, 842)
_MARGIN = 60


def pages_of(articles: Mapping[str, Sequence[str]]) -> Iterator[list[str]]:
    """Cut the text of one language into pages, each a list of titles and paragraphs."""
    numbers = list(articles)
    for start in range(0, len(numbers), ARTICLES_A_PAGE):
        chosen = (articles[number] for number in numbers[start : start + ARTICLES_A_PAGE])
        yield [
            paragraph for title, *paragraphs in chosen for paragraph in (title, *"\n\n".join(paragraphs).split("\n\n"))
        ]


def draw(language: str, pages: Sequence[Sequence[str]]) -> pymupdf.Document:
    """Draw the pages of one language; what does not fit is drawn smaller."""
    document = pymupdf.open()
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    for paragraphs in pages:
        page = document.new_page(width=_A4.width, height=_A4.height)
        body = "".join(f"<p>{html.escape(paragraph)}</p>" for paragraph in paragraphs)
        box = pymupdf.Rect(_MARGIN, _MARGIN, _A4.width - _MARGIN, _A4.height - _MARGIN)
        page.insert_htmlbox(box, f'<div lang="{language}" dir="{direction}">{body}</div>', scale_low=0)
    return document


def write(folder: Path, to: Path, *, pictures: bool) -> None:
    """Write documents and truth."""
    for name in ("in", "truth"):
        (to / name).mkdir(parents=True, exist_ok=True)
    for language, articles in texts(folder).items():
        pages = list(pages_of(articles))
        with draw(language, pages) as document:
            if pictures:
                for page in document:
                    name = f"{language}-{page.number + 1}"
                    page.get_pixmap(dpi=DPI).save(to / "in" / f"{name}.png")
                    (to / "truth" / f"{name}.txt").write_text("\n".join(pages[page.number]), encoding="utf-8")
            else:
                document.subset_fonts()
                document.save(to / "in" / f"{language}.pdf", garbage=4, deflate=True)
                truth = "\f".join("\n".join(paragraphs) for paragraphs in pages)
                (to / "truth" / f"{language}.txt").write_text(truth, encoding="utf-8")


def main() -> None:
    """Write them."""
    parser = argparse.ArgumentParser(description="Make pages of a text in nine languages.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("to", type=Path)
    parser.add_argument("--pictures", action="store_true")
    options = parser.parse_args()
    write(options.folder, options.to, pictures=options.pictures)


if __name__ == "__main__":
    main()
