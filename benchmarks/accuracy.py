"""How well the local backend reads: named sets of documents whose content is known, read directly, without a run.

    python -m benchmarks.accuracy CORPUS [--sets receipts,nda] [--json figures.json]

CORPUS is a folder with the sets; `docs/quality.md` says what they are and what the figures mean.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measures import (
    CharacterErrors,
    WordHits,
    character_errors,
    has,
    has_amount,
    has_cell,
    place_of,
    word_hits,
)
from tasks.drawing import open_source
from tasks.reading.page import PageReading, read_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MEDIA_TYPES = {".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg"}
RECEIPTS = 12
PAGES_SCANNED = {"en": 1, "fr": 1, "zh": 2, "ja": 1}
SCAN_DPI = 150
PRINTED = (
    *("invoice_number", "booking_id", "order_id", "client_id", "gstin", "cin"),
    *("amount", "amount_untaxed", "amount_tax", "vat", "siren"),
)
"""Fields of an invoice that stand on the paper; the others are the annotator's words."""
DATE_FORMATS = (
    "%B {day}, %Y",
    "{day} %B %Y",
    "{day} %B, %Y",
    "{nth} day of %B, %Y",
    "%m/{day}/%Y",
    "%B {nth}, %Y",
    "%B {nth} %Y",
)


@dataclass
class Figures:
    """What one set came to."""

    pages: int = 0
    from_layer: int = 0
    seconds: float = 0.0
    scores: list[float] = field(default_factory=list)
    characters: CharacterErrors = field(default_factory=CharacterErrors)
    words: WordHits = field(default_factory=WordHits)
    facts: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    missed: list[str] = field(default_factory=list)

    def read(self, path: Path) -> list[str]:
        """Read all pages of a document."""
        source = open_source(str(path), MEDIA_TYPES[path.suffix])
        try:
            return [self._page(source, page_no).text for page_no in range(1, source.page_count + 1)]
        finally:
            source.close()

    def _page(self, source: Any, page_no: int) -> PageReading:
        started = time.process_time()
        reading = read_source(source, page_no, "markdown")
        self.seconds += time.process_time() - started
        self.pages += 1
        self.from_layer += reading.origin == "text_layer"
        self.scores += [] if reading.ocr_score is None else [reading.ocr_score]
        return reading

    def compare(self, truth: list[str], text: str) -> None:
        """Count characters and words against lines of truth."""
        self.characters += character_errors(truth, text)
        self.words += word_hits("\n".join(truth), text)

    def check(self, kind: str, fact: str, *, holds: bool) -> None:
        """Count one fact."""
        self.facts[kind] += 1
        self.found[kind] += holds
        if not holds:
            self.missed.append(f"{kind}: {fact}")

    def public(self) -> dict[str, Any]:
        """Give the figures as JSON values."""
        return {
            "pages": self.pages,
            "from_layer": self.from_layer,
            "cpu_seconds_per_page": round(self.seconds / max(1, self.pages), 2),
            "mean_ocr_score": round(sum(self.scores) / len(self.scores), 3) if self.scores else None,
            "characters": self.characters.truth or None,
            "cer": round(self.characters.rate, 4) if self.characters.truth else None,
            "extra": round(self.characters.extra / self.characters.truth, 4) if self.characters.truth else None,
            "word_f1": round(self.words.f1, 4) if self.words.truth else None,
            "facts": {kind: f"{self.found[kind]}/{total}" for kind, total in sorted(self.facts.items())},
            "missed": self.missed,
        }


def receipts(corpus: Path, figures: Figures) -> None:
    """Photographs of receipts; people wrote down every line."""
    boxes = sorted((corpus / "receipts/box").glob("*.csv"))
    for path in boxes[:: max(1, len(boxes) // RECEIPTS)][:RECEIPTS]:
        with path.open(newline="", encoding="utf-8") as lines:
            truth = [",".join(line[8:]) for line in csv.reader(lines, quoting=csv.QUOTE_NONE) if line]
        figures.compare(truth, figures.read(corpus / f"receipts/img/{path.stem}.jpg")[0])


def linn(corpus: Path, figures: Figures) -> None:
    """A scanned page of a prospectus, with its text."""
    truth = (corpus / "ocrmypdf/linn.txt").read_text(encoding="utf-8").splitlines()
    figures.compare(truth, figures.read(corpus / "ocrmypdf/linn.png")[0])


def scanned(corpus: Path, figures: Figures) -> None:
    """Pages of reports drawn as pictures; the text layer that they had is the truth."""
    import pymupdf

    for language, count in PAGES_SCANNED.items():
        for path in sorted((corpus / "orbit/pdfs" / language).glob("*.pdf"))[:count]:
            with tempfile.NamedTemporaryFile(suffix=".png") as picture, pymupdf.open(path) as document:
                document[0].get_pixmap(dpi=SCAN_DPI).save(picture.name)
                truth = document[0].get_text().splitlines()
                figures.compare(truth, figures.read(Path(picture.name))[0])


def nda(corpus: Path, figures: Figures) -> None:
    """Confidentiality agreements: parties, dates, terms and laws that must be found in their text."""
    for line in (corpus / "nda/expected.tsv").read_text(encoding="utf-8").splitlines():
        name, _, expected = line.partition("\t")
        text = "\n\n".join(figures.read(corpus / "nda/documents" / name))
        for kind, _, value in (fact.partition("=") for fact in expected.split()):
            figures.check(kind, f"{value} in {name}", holds=_holds(kind, value.replace("_", " "), text))


def _holds(kind: str, value: str, text: str) -> bool:
    if kind == "effective_date":
        return any(has(text, spelling) for spelling in _spellings(date.fromisoformat(value)))
    if kind == "term":
        number, unit = value.split()
        words = {"1": "one|1", "2": "two|2", "3": "three|3", "5": "five|5"}.get(number, number)
        return re.search(rf"(?i)\b(?:{words})\b[^.]{{0,16}}{unit[:5]}", text) is not None
    return has(re.sub(r"[.,]", "", text), re.sub(r"[.,]", "", value))


def _spellings(day: date) -> Iterator[str]:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(day.day % 10 if day.day not in {11, 12, 13} else 0, "th")
    for spelling in DATE_FORMATS:
        yield day.strftime(spelling).format(day=day.day, nth=f"{day.day}{ending}")


def invoices(corpus: Path, figures: Figures) -> None:
    """Invoices: the numbers and amounts that are printed on them."""
    for path in sorted((corpus / "invoices").glob("*.pdf")):
        text = "\n\n".join(figures.read(path))
        fields = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))[0]
        for name in PRINTED:
            value = fields.get(name)
            value = str(value) if isinstance(value, int) else value
            if value is not None:
                holds = has_amount(text, value) if isinstance(value, float) else has(text, str(value))
                figures.check(
                    "amount" if isinstance(value, float) else "number", f"{value} in {path.name}", holds=holds
                )


def orbit(corpus: Path, figures: Figures) -> None:
    """Pages of reports and papers in five languages, with facts that a reading of them must show."""
    texts: dict[str, str] = {}
    for line in (corpus / "orbit/facts.jsonl").read_text(encoding="utf-8").splitlines():
        fact = json.loads(line)
        if fact["pdf"] not in texts:
            texts[fact["pdf"]] = figures.read(corpus / "orbit/pdfs" / fact["pdf"])[0]
        if fact["type"] != "math":
            told = fact.get("text") or fact.get("cell") or fact.get("before")
            figures.check(fact["type"], f"{told} in {fact['pdf']}", holds=_shows(texts[fact["pdf"]], fact))


def _shows(text: str, fact: dict[str, Any]) -> bool:
    differences = fact["max_diffs"] or 0
    match fact["type"]:
        case "present":
            return has(text, fact["text"], differences=differences)
        case "absent":
            return not has(text, fact["text"], differences=differences)
        case "order":
            before = place_of(text, fact["before"], differences=differences)
            after = place_of(text, fact["after"], differences=differences)
            return before is not None and after is not None and before < after
        case _:
            return has_cell(text, fact)


def qwen(corpus: Path, figures: Figures) -> None:
    """Photographs of signs, screens and forms without a truth: how sure recognition is, and no more."""
    for path in sorted((corpus / "qwen/ocr").iterdir()):
        figures.read(path)


SETS: dict[str, Callable[[Path, Figures], None]] = {
    each.__name__: each for each in (receipts, linn, scanned, nda, invoices, orbit, qwen)
}


def show(results: dict[str, dict[str, Any]]) -> None:
    """Print the figures."""
    from rich.console import Console
    from rich.table import Table

    names = ("pages", "from_layer", "cpu_seconds_per_page", "mean_ocr_score", "characters", "cer", "extra", "word_f1")
    table = Table("set", *(name.replace("_", " ") for name in names), "facts found")
    for name, figures in results.items():
        facts = ", ".join(f"{kind} {count}" for kind, count in figures["facts"].items())
        table.add_row(name, *("" if figures[key] is None else str(figures[key]) for key in names), facts)
    console = Console(width=160)
    console.print(table)
    for name, figures in results.items():
        for missed in figures["missed"]:
            console.print(f"{name}: not found: {missed}", markup=False)


def main(arguments: list[str]) -> None:
    """Read the sets and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--sets", default=",".join(SETS), help=f"some of: {', '.join(SETS)}")
    parser.add_argument("--json", type=Path, help="also write the figures there")
    options = parser.parse_args(arguments)
    results = {}
    for name in options.sets.split(","):
        figures = Figures()
        SETS[name](options.corpus, figures)
        results[name] = figures.public()
    show(results)
    if options.json:
        packages = ("pymupdf", "rapidocr", "onnxruntime", "opencv-python-headless")
        report = {"versions": {name: version(name) for name in packages}, "sets": results}
        options.json.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
