"""Pages with an answer that is known to be honest: real ones, and one text in nine languages.

Answers are what local reading made of the pages' text, exactly what was drawn, or what recognition made of the picture.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.parallel_texts import texts
from benchmarks.rendered import draw, pages_of
from schemas.documents import Document, PageFacts, SourceFile
from tasks.discover import discover
from tasks.drawing import open_source
from tasks.identify import examine
from tasks.reading.page import read_page, read_source

if TYPE_CHECKING:
    from collections.abc import Iterator

BORN_DIGITAL = ("nda/documents", "invoices", "orbit/pdfs", "tables/2025-q4/pdfs")
PICTURE_DPI = 130
MOST_PAGES = 5
"""Pages of each document."""


@dataclass(frozen=True)
class JudgedPage:
    """A page, what is known of it, and an honest answer. `language` is known where the page was drawn for this."""

    name: str
    facts: PageFacts
    answer: str
    language: str | None = None


def documents(corpus: Path) -> Iterator[tuple[str, Document]]:
    """List the PDFs of the corpus that have text layers."""
    for folder in BORN_DIGITAL:
        for file in discover([str(corpus / folder)]):
            if isinstance(file, SourceFile) and file.path.endswith(".pdf"):
                document = examine(file, ())
                if isinstance(document, Document):
                    yield f"{folder.split('/')[0]}/{Path(file.path).name}", document


def real_pages(corpus: Path) -> Iterator[JudgedPage]:
    """Give real pages that have a good text layer, as local reading reads them."""
    for name, document in documents(corpus):
        for page_no in document.pages[:MOST_PAGES]:
            reading = read_page(document, page_no, "markdown")
            if reading.origin == "text_layer" and reading.text.strip():
                yield JudgedPage(f"{name} {page_no}", reading.facts, reading.text)


def recognized_pages(corpus: Path, every: int) -> Iterator[JudgedPage]:
    """Give some real pages as recognition reads them from a picture, beside the layer that they have."""
    import pymupdf

    for number, (name, document) in enumerate(documents(corpus)):
        if number % every:
            continue
        with pymupdf.open(document.file.path) as drawn:
            layer = open_source(document.file.path, document.media_type)
            page = drawn[0]
            facts = layer.facts(1, layer.picture(1, layer.natural_size(1)))
            layer.close()
            picture = page.get_pixmap(dpi=PICTURE_DPI).tobytes("png")
        if len(facts.layer_text) > 200 and not facts.hidden_text:
            yield JudgedPage(f"{name} 1", facts, _recognized(picture))


def _recognized(picture: bytes) -> str:
    import tempfile

    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        file.write(io.BytesIO(picture).getvalue())
        file.flush()
        source = open_source(file.name, "image/png")
        try:
            return read_source(source, 1, "markdown").text
        finally:
            source.close()


def parallel_pages(folder: Path) -> Iterator[JudgedPage]:
    """Give the pages of one text in nine languages, with exactly what was drawn as the answer.

    The Arabic layer is left to the text itself: the fonts that draw it do not say what their ligatures mean.
    """
    for language, articles in texts(folder).items():
        pages = list(pages_of(articles))
        with draw(language, pages) as drawn:
            for page, paragraphs in zip(drawn, pages, strict=True):
                text = " ".join(paragraphs) if language == "ar" else " ".join(page.get_text().split())
                facts = PageFacts(page.rect.width, page.rect.height, ink=0.06, layer_text=text)
                yield JudgedPage(f"{language} {page.number + 1}", facts, "\n\n".join(paragraphs), language)
