"""The command that hands results on: export."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from flows.options import AsJson, Out
from flows.session import Session
from flows.wording import plural, visible
from schemas.addresses import scheme_of, shown
from schemas.errors import UsageFault
from tasks.aside import FOLDER


def export(
    ctx: typer.Context,
    out: Out,
    to: Annotated[str, typer.Option("--to", metavar="DIR", help="Where the files go.", show_default=False)],
    form: Annotated[
        str, typer.Option("--format", metavar="F", help="markdown, jsonl, csv, xlsx, or records.", show_default=False)
    ],
    *,
    drop_furniture: Annotated[
        bool, typer.Option("--drop-furniture", help="Leave out running headers, running footers and page numbers.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hand results on: Markdown per document, JSON lines, CSV, an Excel workbook of the accounts, or extracted data."""
    from flows import exports
    from flows.results import open as open_results

    session: Session = ctx.obj
    folder = apart(to, out)
    with open_results(out, furniture=not drop_furniture) as read:
        count = sum(1 for _ in exports.get(form).write(read, folder))
    with suppress(OSError):  # another export may be at work there
        (folder / FOLDER).rmdir()
    if as_json:
        session.emit(json.dumps({"format": form, "to": to, "files": count}))
    else:
        session.emit(f"{plural(count, 'file')} in {visible(to)}")


def apart(to: str, out: str) -> Path:
    """Keep exports out of the tables.

    Raises:
        UsageFault: if they would lie among them, or not in a folder.
    """
    if scheme_of(to) is not None:
        msg = f"--to {visible(shown(to))} is an address; what is handed on goes to a folder"
        raise UsageFault(msg, advice="name a folder, and copy it where it is wanted")
    if scheme_of(out) is None and Path(to).resolve().is_relative_to(Path(out).resolve()):
        msg = f"--to {to} lies in the output itself"
        raise UsageFault(msg, advice="name a folder outside of it")
    return Path(to)
