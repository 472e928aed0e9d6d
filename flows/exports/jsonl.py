"""One line of JSON a document, as Dolma and olmOCR have it: id, text, source, added, created, metadata, attributes.

`attributes.pdf_page_numbers` lists [start, end, page] and `attributes.page_status` [start, end, status], in
characters (Unicode code points) of `text`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

from flows.results import ReadDocument, Results
from schemas.records import READ
from schemas.version import version
from tasks.aside import written_aside

NAME = "documents.jsonl"


def write(read: Results, to: Path) -> Iterator[Path]:
    """Write all documents into one file."""
    path = to / NAME
    with written_aside(to, path) as file:
        for document in read.documents():
            if document.pages:
                file.write(json.dumps(_line(document), ensure_ascii=False).encode() + b"\n")
    yield path


def _line(document: ReadDocument) -> dict[str, Any]:
    text, spans = _joined(document)
    records = [page.record for page in document.pages]
    doc_id = records[0].doc_id
    added = max(record.finished_at for record in records)
    created = document.file.modified_at if document.file and document.file.modified_at else added
    return {
        "id": _id(document, doc_id),
        "text": text,
        "source": "pagemill",
        "added": _moment(added),
        "created": _moment(created),
        "metadata": _metadata(document, doc_id),
        "attributes": {
            "pdf_page_numbers": [[*span, record.page_no] for span, record in zip(spans, records, strict=True)],
            "page_status": [[*span, record.status] for span, record in zip(spans, records, strict=True)],
        },
    }


def _joined(document: ReadDocument) -> tuple[str, list[tuple[int, int]]]:
    """Put the pages one behind the other; the line break between two belongs to the first."""
    *others, last = [page.text for page in document.pages]
    parts = [*(f"{text}\n" if text else "" for text in others), last]
    ends = list(accumulate(map(len, parts)))
    return "".join(parts), list(zip([0, *ends], ends, strict=False))


def _metadata(document: ReadDocument, doc_id: str) -> dict[str, Any]:
    records = [page.record for page in document.pages]
    file = document.file
    return {
        "Source-File": document.source,
        "name": document.name,
        "doc_id": doc_id,
        "pagemill-version": version(),
        "operation": document.operation,
        "variant": document.variant or None,
        "backend": records[0].backend,
        "model": document.model,
        "status": file.status if file else None,
        "duplicate_of": file.duplicate_of if file else None,
        "pdf-total-pages": file.page_count if file else None,
        "pages": len(records),
        "pages_read": sum(record.status in READ for record in records),
        "total-input-tokens": sum(record.input_tokens for record in records),
        "total-output-tokens": sum(record.output_tokens for record in records),
    }


def _id(document: ReadDocument, doc_id: str) -> str:
    named = f"{doc_id}\0{document.source}\0{document.operation}\0{document.variant}\0{document.model}"
    return hashlib.sha256(named.encode()).hexdigest()


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1_000:03}Z"
