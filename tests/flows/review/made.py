"""An output with every kind of page to look at, over real files, so that their pictures can be drawn."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pymupdf

from schemas.blocks import Block
from schemas.records import Flag, PageRecord
from tasks.dataset import open_dataset
from tasks.sinks.parquet import ParquetSink
from tests.sinks.rows import example

HOSTILE = "# Title <script>document.title='owned'</script>\n\n<img src=x onerror=\"document.title='owned'\"> ![p](http://far.example/p.png)"
TABLE = '| item | price |\n|---|--:|\n| tea | 3.20 |\n\n<table><tr><td colspan="2">total <b>3.20</b></td></tr></table>'
INVOICE = {"number": "MF-20417", "total": 1234.5, "paid": None, "lines": [{"item": "paper", "amount": 12.5}]}
EVIDENCE = [
    {"path": "/number", "page": 1, "quote": None, "in_text_layer": True},
    {"path": "/total", "page": 1, "quote": "1,234.50", "in_text_layer": True},
    {"path": "/lines/0/item", "page": 1, "quote": None, "in_text_layer": False},
]
BLOCKS = (Block("title", "Dear Sir", 30.0, 40.0, 150.0, 80.0), Block("text", "nowhere"))
PAIRS = [{"source": "第一条 租赁房屋", "target": "Article 1. The **premises**", "language": "zh"}]


def paper(path: Path, *texts: str) -> str:
    """A PDF with a page for each text; gives its document's id."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with pymupdf.open() as drawn:
        for text in texts:
            drawn.new_page(width=300, height=400).insert_text((30, 60), text, fontsize=14)
        drawn.save(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def row(path: Path, doc_id: str, page_no: int = 1, **values: object) -> PageRecord:
    usual = {
        "source": str(path),
        "name": path.name,
        "doc_id": doc_id,
        "page_no": page_no,
        "page_label": str(page_no),
        "status": "ok",
        "operation": "text",
        "model": "qwen3-vl-plus",
        "text": f"Words of page {page_no}",
        "text_format": "markdown",
        "request_key": f"key-{path.name}-{page_no}",
        "width": 300.0,
        "height": 400.0,
        "calls": 1,
        "input_tokens": 1_200,
        "output_tokens": 80,
        "cost": 0.0123,
        "currency": "CNY",
    }
    return example(PageRecord, **usual | values)


def fill(folder: Path) -> Path:
    """Make the files and an output over them; gives the output."""
    source, out = folder / "in", folder / "out"
    letter, invoice, lease = source / "letter.pdf", source / "invoice.pdf", source / "租约.pdf"
    ids = {
        letter: paper(letter, "Dear Sir", "A table", "Hostile", "Nothing"),
        invoice: paper(invoice, "Invoice MF-20417, total 1,234.50"),
        lease: paper(lease, "Lease"),
    }
    gone = source / "gone.pdf"
    rows = [
        row(letter, ids[letter], 1, text="Dear Sir,\nthe harbour lantern is lit.", language="en", blocks=BLOCKS),
        row(letter, ids[letter], 2, text=TABLE, language="en"),
        row(letter, ids[letter], 3, text=HOSTILE, status="suspect", flags=(Flag("repetition", 0.9),), language="en"),
        row(letter, ids[letter], 4, text=None, status="failed", error_kind="refused", error_message="<b>no</b> reason"),
        row(
            invoice,
            ids[invoice],
            operation="structured",
            text=None,
            result=json.dumps(INVOICE),
            evidence=json.dumps(EVIDENCE),
        ),
        row(
            lease,
            ids[lease],
            operation="translation",
            text="Article 1. The **premises**",
            result=json.dumps(PAIRS),
            language="zh",
        ),
        row(gone, "0" * 64, text="The file of this page is gone"),
    ]
    open_dataset(out)
    ParquetSink(out).write("pages", "a" * 64, rows)
    return out


def many(folder: Path, count: int) -> Path:
    """An output of many pages of one file."""
    source, out = folder / "in" / "long.pdf", folder / "out"
    doc_id = paper(source, "The first page")
    flagged = (Flag("low_confidence", 0.4),)
    first = row(source, doc_id)
    rows = [
        replace(
            first,
            page_no=number,
            page_label=str(number),
            request_key=f"key-{number}",
            flags=flagged if number % 100 == 0 else (),
            text=f"Words of page {number}.",
        )
        for number in range(1, count + 1)
    ]
    open_dataset(out)
    ParquetSink(out).write("pages", "b" * 64, rows)
    return out
