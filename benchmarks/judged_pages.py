"""Pages with an answer that is known to be honest: those of finished runs, and one text in nine languages.

Answers are what a run kept, what recognition made of a picture of the page, or exactly what was drawn.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pymupdf

from benchmarks.parallel_texts import texts
from benchmarks.rendered import draw, pages_of
from flows import results
from schemas.documents import PageFacts
from tasks.drawing import open_source
from tasks.ledger import open_ledger
from tasks.reading.page import read_source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.ports import KeptAnswer

PICTURE_DPI = 130
LAYER = 200
"""Characters of a layer that can tell anything."""


@dataclass(frozen=True)
class JudgedPage:
    """A page, what is known of it, and an honest answer. `language` is known where the page was drawn for this."""

    name: str
    facts: PageFacts
    answer: str
    language: str | None = None


def kept_pages(out: Path) -> Iterator[JudgedPage]:
    """Give the pages of a finished run into *out* that have a good text layer, with the answers that it kept."""
    with results.open(out) as read:
        rows = [page.record for document in read.documents() for page in document.pages]
    kept = asyncio.run(_kept(out, [row.request_key for row in rows]))
    for row in rows:
        answer = kept.get(row.request_key)
        facts = (answer.facts or answer.response.facts) if answer is not None else ()
        if row.text and row.origin != "ocr" and facts and len(facts[0].layer_text) > LAYER:
            yield JudgedPage(f"{row.source} {row.page_no}", facts[0], row.text)


async def _kept(out: Path, keys: list[str]) -> dict[str, KeptAnswer]:
    async with await asyncio.to_thread(open_ledger, out / "ledger.sqlite3") as ledger:
        return dict(await ledger.kept(keys))


def recognized(page: JudgedPage) -> JudgedPage:
    """Give a page of a PDF as recognition reads it from a picture, beside the layer that it has."""
    source, _, page_no = page.name.rpartition(" ")
    with pymupdf.open(source) as document, tempfile.NamedTemporaryFile(suffix=".png") as file:
        document[int(page_no) - 1].get_pixmap(dpi=PICTURE_DPI).save(file.name)
        picture = open_source(file.name, "image/png")
        try:
            return replace(page, answer=read_source(picture, 1, "markdown").text)
        finally:
            picture.close()


def parallel_pages(folder: Path, languages: frozenset[str] | None = None) -> Iterator[JudgedPage]:
    """Give the pages of one text in nine languages, or some of them, with exactly what was drawn as the answer.

    The Arabic layer is left to the text itself: the fonts that draw it do not say what their ligatures mean.
    """
    for language, articles in texts(folder).items():
        if languages is not None and language not in languages:
            continue
        pages = list(pages_of(articles))
        with draw(language, pages) as drawn:
            for page, paragraphs in zip(drawn, pages, strict=True):
                text = " ".join(paragraphs) if language == "ar" else " ".join(page.get_text().split())
                facts = PageFacts(page.rect.width, page.rect.height, ink=0.06, layer_text=text)
                yield JudgedPage(f"{language} {page.number + 1}", facts, "\n\n".join(paragraphs), language)
