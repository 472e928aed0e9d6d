"""Lists of files and pages: a table on a terminal, tab-separated lines in a pipe, JSON for a program."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
from rich.table import Table
from rich.text import Text

from flows.results import Results
from flows.results.finding import Reading, matching
from flows.session import Session
from flows.wording import money, short, tokens, visible

Row = Mapping[str, Any]
_STYLES = {
    "success": "green",
    "ok": "green",
    "partial_success": "yellow",
    "suspect": "yellow",
    "truncated": "yellow",
    "skipped": "dim",
    "blank": "dim",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One column of a list: its heading, and what stands in it."""

    heading: str
    cell: Callable[[Row], str]
    side: Literal["left", "right"] = "left"


def _cost(row: Row) -> str:
    if not row["calls"]:
        return ""
    at_least = "≥ " if row["cost"] is None and row["cost_known"] else ""
    known = row["cost_known"] if at_least else row["cost"]
    return at_least + money(known, 0.0, row["currency"])


def _asked(row: Row) -> str:
    return str(Reading(row["source"], row["name"], row["operation"], row["model"], row["variant"] or ""))


def _tokens(row: Row) -> str:
    return f"{tokens(row['input_tokens'])} / {tokens(row['output_tokens'])}" if row["calls"] else ""


def _why(row: Row) -> str:
    flags = (f"{flag['name']} {flag['score']:.2g}" for flag in row["flags"])
    kind = row["error_kind"] if row["error_kind"] != row["status"] else None
    return ", ".join(filter(None, (kind, *flags)))


def _read(row: Row) -> str:
    return f"{row['pages_ok'] + row['pages_blank'] + row['pages_skipped']}/{row['pages_selected']}"


def _fault(row: Row) -> str:
    return ": ".join(filter(None, (row["error_kind"], short(row["error_message"] or "", 120))))


FILE_COLUMNS = (
    Shown("status", lambda row: row["status"]),
    Shown("pages read", _read, "right"),
    Shown("tokens", _tokens, "right"),
    Shown("cost", _cost, "right"),
    Shown("file", lambda row: row["name"]),
    Shown("why", _fault),
    Shown("asked", _asked),
)
PAGE_COLUMNS = (
    Shown("status", lambda row: row["status"]),
    Shown("tokens", _tokens, "right"),
    Shown("cost", _cost, "right"),
    Shown("file", lambda row: row["name"]),
    Shown("page", lambda row: str(row["page_no"]), "right"),
    Shown("why", _why),
    Shown("asked", _asked),
)
_SPENT = ("calls", "input_tokens", "output_tokens", "cost", "cost_known", "currency")
_ASKED = ("operation", "variant", "model")
_OF_A_PAGE = ("source", "status", "error_kind", "flags", "name", "page_no", *_SPENT, *_ASKED)


def files(read: Results, statuses: Iterable[str]) -> list[dict[str, Any]]:
    """List the files of these statuses, by path."""
    return _plain_rows(_of_status(read.arrow("files"), statuses))


def pages(read: Results, statuses: Iterable[str], file: str | None, *, whole: bool) -> list[dict[str, Any]]:
    """List the pages of these statuses, by path and number; *whole* with all that is known of them, text included.

    Raises:
        UsageFault: if *file* is the name of none.
    """
    rows = _of_status(read.arrow("pages", None if whole else _OF_A_PAGE), statuses)
    if file is not None:
        sources = pa.array({reading.source for reading in matching(file, read.readings)})
        rows = rows.filter(pc.is_in(rows["source"], value_set=sources))
    return _plain_rows(rows)


def _plain_rows(rows: pa.Table) -> list[dict[str, Any]]:
    plain: list[dict[str, Any]] = rows.to_pylist()
    money_of = [name for name in rows.column_names if pa.types.is_decimal(rows.schema.field(name).type)]
    return [row | {name: None if row[name] is None else float(row[name]) for name in money_of} for row in plain]


def _of_status(rows: pa.Table, statuses: Iterable[str]) -> pa.Table:
    return rows.filter(pc.is_in(rows["status"].cast(pa.string()), value_set=pa.array(sorted(statuses))))


def tell(rows: Sequence[Row], columns: Sequence[Shown], session: Session, *, as_json: bool) -> None:
    """Print a list. Names of files can be chosen to harm a terminal: what it would act on is written as escapes."""
    if as_json:
        session.emit(json.dumps(rows, default=_plain))
    elif session.data.is_terminal:
        session.data.print(_table(rows, columns))
    else:
        session.data.file.writelines(f"{line}\n" for line in _lines(rows, columns))  # Rich would spread the tabs


def _table(rows: Sequence[Row], columns: Sequence[Shown]) -> Table:
    """Lay rows out; how each was asked is said where it is not all the same."""
    if len(set(map(_asked, rows))) <= 1:
        columns = [column for column in columns if column.cell is not _asked]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        table.add_column(column.heading, justify=column.side, overflow="fold", no_wrap=column.side == "right")
    for row in rows:
        style = _STYLES.get(row["status"], "red")
        first, *rest = (visible(column.cell(row)) for column in columns)
        table.add_row(Text(first, style=style), *(Text(cell) for cell in rest))
    return table


def _lines(rows: Sequence[Row], columns: Sequence[Shown]) -> Iterable[str]:
    yield "\t".join(column.heading for column in columns)
    for row in rows:
        yield "\t".join(visible(column.cell(row)) for column in columns)


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
