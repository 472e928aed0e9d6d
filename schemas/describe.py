"""Tables, statuses, error codes and exit codes as Markdown: `python -m schemas.describe` prints `docs/tables.md`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from schemas import errors
from schemas.blocks import BLOCK_KINDS
from schemas.errors import ExitCode, PipelineError, RunError
from schemas.records import ALL_TABLES, MONEY, SCHEMA_VERSION, FileStatus, PageStatus, Record

PAGE_STATUSES = {
    "ok": "read",
    "blank": "nothing is written on it",
    "truncated": "the answer was cut by its length or by the service; what there is of it is kept",
    "suspect": "read, and something speaks against what was read; see `flags`",
    "blocked": "a content filter of the service stopped it",
    "invalid": "the answer is not of the form that was asked for, and no repair made it so",
    "failed": "not read; see `error_kind`",
    "skipped": "left out by a rule",
}
FILE_STATUSES = {
    "success": "nothing of it is missing",
    "partial_success": "some pages were read, some were not",
    "failure": "no page was read",
    "skipped": "no page was to be read, or it lay in a folder and is no document",
}
EXIT_CODES = {
    ExitCode.OK: "every page was read",
    ExitCode.PAGES_MISSING: "finished, some pages or files were not read",
    ExitCode.USAGE: "an option, a model or a name that does not exist or does not fit",
    ExitCode.CREDENTIALS: "the key is missing or refused",
    ExitCode.NO_INPUT: "nothing to read was found",
    ExitCode.OUTPUT: "the output or the ledger cannot be written",
    ExitCode.BUDGET: "a limit on cost, tokens or pages was reached",
    ExitCode.OUTPUT_IN_USE: "another run holds the output",
    ExitCode.SERVICE: "the account or the model is not available",
    ExitCode.TOO_MANY_FAILURES: "more pages failed than allowed",
    ExitCode.INTERNAL: "a fault of pagemill itself",
    ExitCode.INTERRUPTED: "interrupted; the same command goes on",
}


def describe() -> str:
    """Give the whole document."""
    return "\n".join(_document()) + "\n"


def _document() -> Iterator[str]:
    yield "# Tables"
    yield ""
    yield "<!-- made by `python -m schemas.describe`; a test holds it to the code -->"
    yield ""
    yield f"Version {SCHEMA_VERSION} of the tables. Columns are only ever added, at the end."
    for table, record in ALL_TABLES.items():
        yield from _table(table, record)
    yield from _list("Kinds of blocks", "kind", BLOCK_KINDS)
    yield from _list("Page statuses", "status", {name: PAGE_STATUSES[name] for name in get_args(PageStatus)})
    yield from _list("File statuses", "status", {name: FILE_STATUSES[name] for name in get_args(FileStatus)})
    yield from _list("Error kinds of pages, files and calls", "error_kind", _kinds(PipelineError))
    yield from ("", "A page that is `suspect` has that as its kind as well, and its flags for a message.")
    yield from _list("What stops a run", "error_kind", _kinds(RunError))
    yield from _list("Exit codes", "code", {str(int(code)): EXIT_CODES[code] for code in ExitCode})


def _table(table: str, record: type[Record]) -> Iterator[str]:
    yield from (
        "",
        f"## {table}",
        "",
        f"{inspect.getdoc(record)}",
        "",
        "| column | type | what it holds |",
        "|---|---|---|",
    )
    hints = get_type_hints(record, include_extras=True)
    for column in fields(record):
        annotation, doc, *marks = get_args(hints[column.name])
        kind = _type(annotation).replace("number", MONEY) if MONEY in marks else _type(annotation)
        yield f"| `{column.name}` | {kind} | {doc} |"


def _type(annotation: Any) -> str:
    if get_origin(annotation) in {Union, UnionType}:
        return f"{_type(next(arg for arg in get_args(annotation) if arg is not type(None)))}, or null"
    if get_origin(annotation) is tuple:
        return f"list of {_type(get_args(annotation)[0])}"
    if get_origin(annotation) is not None:
        return "text, one of few"
    if is_dataclass(annotation):
        *first, last = (field.name for field in fields(annotation))
        return f"{', '.join(first)} and {last}"
    names = {"str": "text", "int": "integer", "float": "number", "bool": "true or false", "datetime": "time (UTC)"}
    return names[annotation.__name__]


def _kinds(base: type[PipelineError | RunError]) -> dict[str, str]:
    """List the codes of the errors below *base*, each with the docstring of the first class that has it."""
    found: dict[str, str] = {}
    for _, error in inspect.getmembers(errors, inspect.isclass):
        if issubclass(error, base) and not _is_abstract(error):
            found.setdefault(error.kind, (inspect.getdoc(error) or "").split("\n")[0])
    return dict(sorted(found.items()))


def _is_abstract(error: type[PipelineError | RunError]) -> bool:
    """Whether it becomes no row: the heads of the families, and what has no code of its own."""
    heads = {PipelineError, RunError, errors.DocumentError, errors.CallError, errors.AnswerError}
    return error in heads or "kind" not in vars(error)


def _list(title: str, head: str, rows: Mapping[str, str]) -> Iterator[str]:
    yield from ("", f"## {title}", "", f"| {head} | meaning |", "|---|---|")
    for name, meaning in rows.items():
        yield f"| `{name}` | {meaning} |"


if __name__ == "__main__":
    print(describe(), end="")  # noqa: T201 - what it is for
