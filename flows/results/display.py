"""How a notebook shows a page: its picture beside what was read. All that comes from outside is text, never HTML."""

from __future__ import annotations

import base64
import io
from html import escape
from typing import TYPE_CHECKING

from schemas.errors import PipelineError

if TYPE_CHECKING:
    from flows.results.documents import ReadDocument, ReadPage

_SIDE_BY_SIDE = "display:grid;grid-template-columns:minmax(16em,1fr) minmax(16em,1fr);gap:1em;align-items:start"
_TEXT = "white-space:pre-wrap;overflow-wrap:anywhere;margin:0;text-align:left"
_CELL = "text-align:left;vertical-align:top"
_FIRST_WORDS = 120


def page_html(page: ReadPage) -> str:
    """Show a page beside its picture, or beside the reason why there is none."""
    heading = escape(" · ".join(_facts(page)))
    said = escape(page.text or page.record.error_message or "")
    return (
        f'<div><p><b>{escape(page.record.name)}</b> {heading}</p><div style="{_SIDE_BY_SIDE}">'
        f'<div>{_picture(page)}</div><pre style="{_TEXT}">{said}</pre></div></div>'
    )


def document_html(document: ReadDocument) -> str:
    """List the pages of a document with their first words."""
    rows = "".join(
        f'<tr><td>{page.page_no}</td><td style="{_CELL}">{escape(", ".join(_facts(page)[1:]))}</td>'
        f'<td style="{_CELL}">{escape(" ".join(page.text.split())[:_FIRST_WORDS])}</td></tr>'
        for page in document.pages
    )
    read = escape(str(document.reading))
    header = f'<tr><th>page</th><th style="{_CELL}">status</th><th style="{_CELL}">text</th></tr>'
    return f"<div><p><b>{escape(document.name)}</b> {read}</p><table>{header}{rows}</table></div>"


def _facts(page: ReadPage) -> list[str]:
    record = page.record
    flags = [f"{flag.name} {flag.score:.2g}" for flag in record.flags]
    return [f"page {record.page_no}", record.status, *filter(None, [record.error_kind]), *flags]


def _picture(page: ReadPage) -> str:
    try:
        image = page.image(max_side=1_400)
    except PipelineError as error:
        return f"<p>no picture: {escape(str(error))}</p>"
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f'<img alt="page {page.page_no}" style="max-width:100%" src="data:image/jpeg;base64,{data}">'
