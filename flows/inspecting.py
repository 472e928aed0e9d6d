"""The commands that look into the tables: show, files, pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, get_args

import typer

from flows.options import AsJson, Out
from flows.session import Session
from flows.wording import nearest
from schemas.errors import UsageFault
from schemas.records import FileStatus, PageStatus

Operation = Annotated[str | None, typer.Option("--operation", help="Where a file was read in several ways: which.")]
Model = Annotated[str | None, typer.Option("--model", help="Where several models read a file: which.")]
Variant = Annotated[
    str | None, typer.Option("--variant", help="Where several things were asked: which schema, language or question.")
]
_PAGE_STATUSES: tuple[str, ...] = get_args(PageStatus)
_FILE_STATUSES: tuple[str, ...] = get_args(FileStatus)


def show(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Its path, its name, or the end of its path.")],
    out: Out,
    page: Annotated[int | None, typer.Option("--page", metavar="N", help="One page only.")] = None,
    operation: Operation = None,
    model: Model = None,
    variant: Variant = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Print what was read of a file."""
    from flows import showing
    from flows.results import open as open_results

    session: Session = ctx.obj
    with open_results(out) as read:
        document = read.document(file, operation=operation, model=model, variant=variant)
    pages = document.pages if page is None else (document.page(page),)
    if as_json:
        session.emit(showing.as_json(document, pages))
    else:
        showing.show(document, pages, session.data)


def files(
    ctx: typer.Context,
    out: Out,
    status: Annotated[
        str | None, typer.Option("--status", metavar="S,...", help=f"Which: {', '.join(_FILE_STATUSES)}.")
    ] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the files: how each fared, what it took."""
    from flows import inventory
    from flows.results import open as open_results

    session: Session = ctx.obj
    statuses = _statuses(status, _FILE_STATUSES)
    with open_results(out) as read:
        rows = inventory.files(read, statuses)
    inventory.tell(rows, inventory.FILE_COLUMNS, session, as_json=as_json)


def pages(
    ctx: typer.Context,
    out: Out,
    status: Annotated[
        str | None, typer.Option("--status", metavar="S,...", help=f"Which: {', '.join(_PAGE_STATUSES)}.")
    ] = None,
    file: Annotated[str | None, typer.Option("--file", metavar="NAME", help="Only of files of this name.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List the pages: what became of each, what may be wrong with it, what it took."""
    from flows import inventory
    from flows.results import open as open_results

    session: Session = ctx.obj
    statuses = page_statuses(status)
    with open_results(out) as read:
        rows = inventory.pages(read, statuses, file, whole=as_json)
    inventory.tell(rows, inventory.PAGE_COLUMNS, session, as_json=as_json)


def page_statuses(given: str | None) -> frozenset[str]:
    """Read a list of page statuses; none given are all.

    Raises:
        UsageFault: if one does not exist.
    """
    return _statuses(given, _PAGE_STATUSES)


def _statuses(given: str | None, known: Sequence[str]) -> frozenset[str]:
    """Read a list of statuses; none given are all.

    Raises:
        UsageFault: if one does not exist.
    """
    words = {word.strip() for word in (given or "").split(",") if word.strip()}
    for word in sorted(words - set(known)):
        msg = f"--status: there is no status {word!r}"
        raise UsageFault(msg, advice=nearest(word, known))
    return frozenset(words or known)
