"""What was read, in a terminal: Markdown rendered and tables drawn; as it is where no terminal is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime

from markdown_it import MarkdownIt
from rich.console import Console, RenderableType
from rich.json import JSON
from rich.markdown import Markdown
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from flows.results.documents import ReadDocument, ReadPage
from flows.wording import money, plural, visible
from tasks.htmltables import Grid, pieces

_PARSER = MarkdownIt("commonmark", {"html": False}).enable("strikethrough").enable("table")
"""As Rich sets it up, but for one thing: HTML is text, and is shown."""


def show(document: ReadDocument, pages: Sequence[ReadPage], console: Console) -> None:
    """Print pages of a document, each under a line that says what became of it."""
    console.print(Text.assemble((visible(document.name), "bold"), f"  {_read(document)}"), soft_wrap=True)
    if document.file is not None and document.file.error_message and not document.file.pages_selected:
        console.print(Text(visible(f"{document.file.error_kind}: {document.file.error_message}"), style="red"))
    for page in pages:
        heading = visible(" · ".join(_facts(page)))
        if console.is_terminal:
            console.print(Rule(Text(heading), align="left"))
            for block in _blocks(page):
                console.print(block)
        else:
            console.file.write(f"\n--- {heading}\n{_safe(page.text)}\n")  # Rich would spread the tabs


def as_json(document: ReadDocument, pages: Sequence[ReadPage]) -> str:
    """Give pages of a document as one JSON object."""
    fields = {name: getattr(document, name) for name in ("source", "name", "operation", "variant", "model")}
    file = asdict(document.file) if document.file else None
    rows = [asdict(page.record) for page in pages]
    return json.dumps(fields | {"file": file, "pages": rows}, default=_plain)


def _read(document: ReadDocument) -> str:
    said = [visible(str(document.reading)), plural(len(document.pages), "page")]
    if (file := document.file) is not None:
        said.append(file.status.replace("_", " "))
        if file.calls:
            said.append(f"{file.input_tokens:,} tokens in, {file.output_tokens:,} out")
            said.append(f"cost {money(file.cost, file.cost_known, file.currency)}")
    return " · ".join(said)


def _facts(page: ReadPage) -> Iterator[str]:
    record = page.record
    label = f" ({record.page_label})" if record.page_label != str(record.page_no) else ""
    yield f"page {record.page_no}{label}"
    yield record.status
    if record.flags:
        yield from (f"{flag.name} {flag.score:.2g}" for flag in record.flags)
    elif record.error_message:
        yield record.error_message


def _blocks(page: ReadPage) -> Iterator[RenderableType]:
    record = page.record
    if not record.text and record.result:
        yield _json(record.result)
    elif record.text_format != "markdown":
        yield Text(_safe(page.text))
    else:
        for piece in pieces(page.text):
            yield _table(piece) if isinstance(piece, Grid) else _markdown(piece)


def _markdown(text: str) -> Markdown:
    rendered = Markdown(_safe(text), hyperlinks=False)  # a link shows where it leads
    rendered.parsed = _PARSER.parse(_safe(text))
    return rendered


def _json(result: str) -> RenderableType:
    try:
        return JSON(result)
    except ValueError:
        return Text(_safe(result))


def _table(grid: Grid) -> Table:
    table = Table(show_header=grid.has_header, show_lines=True)
    head, body = (grid.rows[0], grid.rows[1:]) if grid.has_header else ((), grid.rows)
    for column in range(grid.width):
        table.add_column(Text(_safe(head[column])) if column < len(head) else "", overflow="fold")
    for row in body:
        table.add_row(*(Text(_safe(cell)) for cell in row))
    return table


def _safe(text: str) -> str:
    """Keep lines and tabs; what else a terminal would act on is written as escapes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "\n".join("\t".join(visible(cell) for cell in line.split("\t")) for line in text.split("\n"))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
