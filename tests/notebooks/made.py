"""A small output such as a few days leave: what notebooks and people look into. Every row of it comes from a run.

`python -m tests.notebooks.made FOLDER` makes one outside of tests: `FOLDER/in` is read into `FOLDER/results`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import shutil
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pymupdf

from flows import results
from schemas.documents import Document, SourceFile
from schemas.records import ReviewRecord
from tasks.catalogue import load_models
from tasks.render import render_pages
from tasks.reviews import Sitting
from tests.emulator import Emulator
from tests.emulator.service import Latency
from tests.mill import Mill

if TYPE_CHECKING:
    from tests.emulator.question import Question

SAMPLES = Path(__file__).parents[2] / "data" / "samples"
READ_LOCALLY = ("contracts/services-agreement.pdf", "letters/harbour-lantern.pdf", "receipts/电子小票.webp")
PLUS, FLASH = "qwen3-vl-plus", "qwen3-vl-flash"
SELLERS = {"Northmere Paper": "EUR", "Harbour Chandlery": "EUR", "Lantern Press": "EUR", "东港纸业": "CNY"}
GOODS = {"Paper A4, 500 sheets": 4.5, "Toner": 61.0, "Binding": 12.8, "Printing of a leaflet": 0.19, "Delivery": 9.9}
INVOICES = 16
LOOP = "and so on and so forth " * 60
REFUSAL = "I'm sorry, but I can't read this image."


@dataclass(frozen=True)
class Invoice:
    """An invoice as it is printed."""

    number: int
    seller: str
    issued: date
    lines: tuple[tuple[str, int, float], ...]

    @property
    def net(self) -> float:
        return round(sum(round(count * price, 2) for _, count, price in self.lines), 2)

    @property
    def currency(self) -> str:
        return SELLERS[self.seller]

    @property
    def text(self) -> str:
        """What stands on it, line by line."""
        rows = (f"{what}   {count} x {price:.2f}   {count * price:,.2f}" for what, count, price in self.lines)
        head = (f"{self.seller}", f"Invoice MF-{self.number}", f"Date {self.issued.isoformat()}", "")
        return "\n".join([*head, *rows, "", f"Total {self.currency} {self.net:,.2f}", "Payable within 30 days."])

    @property
    def data(self) -> dict[str, Any]:
        """What stands on it, by the schema `invoice`."""
        lines = [
            {"description": what, "quantity": count, "unit_price": price, "amount": round(count * price, 2)}
            for what, count, price in self.lines
        ]
        return {
            "invoice_number": f"MF-{self.number}",
            "invoice_date": self.issued.isoformat(),
            "seller": {"name": self.seller},
            "currency": self.currency,
            "lines": lines,
            "total_amount": self.net,
        }


def invoices() -> list[Invoice]:
    """As many invoices of half a year, the same at each call."""
    dice = random.Random(20_417)
    return [
        Invoice(
            number=20_400 + number,
            seller=list(SELLERS)[number % len(SELLERS)],
            issued=date(2026, 1, 5) + timedelta(days=11 * number),
            lines=tuple(
                (what, dice.randint(1, 40), price)
                for what, price in dice.sample(list(GOODS.items()), dice.randint(1, 4))
            ),
        )
        for number in range(INVOICES)
    ]


def printed(invoice: Invoice, folder: Path) -> Path:
    """Print an invoice on a page of its own."""
    path = folder / invoice.seller / f"MF-{invoice.number}.pdf"
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open() as document:
        page = document.new_page(width=420, height=420)
        for row, line in enumerate(invoice.text.split("\n")):
            page.insert_text((24, 48 + 18 * row), line, fontsize=9, fontname="china-s")
        document.save(path)
    return path


def known(path: Path, invoice: Invoice, emulator: Emulator) -> None:
    """Let the models read an invoice: its text, or its data where JSON is asked for. Some of it they get wrong."""
    seen = path.stat()
    file = SourceFile(str(path), str(path), path.name, seen.st_size, None, seen.st_mtime_ns)
    document = Document(file, hashlib.sha256(path.read_bytes()).hexdigest(), "application/pdf", 1)
    (page,) = render_pages(document, document.pages, load_models()[PLUS].render)
    nth = invoice.number % INVOICES

    def answer(question: Question) -> str:
        if question.wants_json and nth == 9:
            return '{"paper": "an invoice"}'
        if question.wants_json:
            wrong = {"total_amount": invoice.net * 10} if nth == 6 else {}
            return json.dumps(invoice.data | wrong, ensure_ascii=False)
        if question.model.name == FLASH:
            return {3: REFUSAL, 8: LOOP, 12: invoice.text[:20]}.get(nth, invoice.text)
        return {5: invoice.text[: len(invoice.text) // 3], 11: REFUSAL}.get(nth, invoice.text)

    emulator.answers[hashlib.sha256(page.image.data).hexdigest()] = answer


async def fill(folder: Path, emulator: Emulator) -> Path:
    """Read `folder/in` into `folder/results`: some files locally, the invoices by two models and by a schema."""
    source, out = folder / "in", folder / "results"
    for name in READ_LOCALLY:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(SAMPLES / name, source / name)
    mill = Mill(source, out, emulator, {"render_workers": 2, "in_flight": 4})
    await mill.run(backend="local")
    for invoice in invoices():
        known(printed(invoice, source / "invoices"), invoice, emulator)
    (source / "invoices" / "torn.pdf").write_bytes(b"%PDF-1.7\nnothing")
    emulator.latency = Latency(base=0.05, per_token=0.002, jitter=0.5)
    bought = {"sources": (str(source / "invoices"),)}
    emulator.plan.next("429", times=3)
    emulator.plan.next("500")
    await mill.run(model=PLUS, **bought)
    emulator.plan.next("400-blocked")
    emulator.plan.next("reset-after")
    await mill.run(model=FLASH, **bought)
    emulator.plan.next("json-other")
    await mill.run(model=PLUS, operation="structured", extraction_schema="invoice", **bought)
    mark(out)
    return out


def mark(out: Path) -> None:
    """Mark a few pages, as a reviewer does: most are right, one is put right, what is suspect is wrong."""
    with results.open(out) as read:
        pages = read.pages[read.pages["operation"] == "text"]
        chosen = pages[pages["text"].notna()].iloc[::2]
    sitting = Sitting(out, datetime.now(UTC))
    for index, page in enumerate(chosen.itertuples()):
        wrong = page.status == "suspect"
        corrected = page.text.replace("Invoice", "INVOICE") if index % 7 == 4 and not wrong else None
        sitting.mark(_marked(page, "corrected" if corrected else "wrong" if wrong else "right", corrected))


def _marked(page: Any, mark: str, corrected: str | None) -> ReviewRecord:
    return ReviewRecord(
        doc_id=page.doc_id,
        name=page.name,
        source=page.source,
        page_no=page.page_no,
        operation=page.operation,
        model=page.model,
        request_key=page.request_key,
        mark=mark,
        corrected_text=corrected,
        reviewer="ada",
        marked_at=datetime.now(UTC),
    )


if __name__ == "__main__":
    with Emulator() as running:
        os.environ["DASHSCOPE_API_KEY"] = running.key
        asyncio.run(fill(Path(sys.argv[1]).absolute(), running))
