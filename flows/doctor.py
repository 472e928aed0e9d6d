"""The command `doctor`: looks at all that a run needs, and says what to mend."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from flows import checks, reach
from flows.checks import Check
from flows.faults import redacted
from flows.options import AsJson, Ledger
from flows.session import Session
from flows.wording import visible
from schemas.errors import ExitCode
from tasks.backends import choose

_MARKS = {"ok": ("ok", "green"), "warn": ("warn", "yellow"), "fail": ("FAIL", "bold red"), "skipped": ("-", "dim")}


@dataclass(frozen=True, slots=True)
class Question:
    """What a run would be made with."""

    out: str
    ledger: str | None
    backend: str
    region: str | None
    base_url: str | None
    ocr: bool


def doctor(
    ctx: typer.Context,
    out: Annotated[str, typer.Option("--out", "-o", metavar="DIR", help="Where tables would go.")] = "results",
    ledger: Ledger = None,
    *,
    backend: Annotated[
        str,
        typer.Option(
            envvar="PAGEMILL_BACKEND", help="dashscope, openai, local, or auto: what is not needed is not checked."
        ),
    ] = "auto",
    region: Annotated[str | None, typer.Option(help="Region of the service and its key.")] = None,
    base_url: Annotated[str | None, typer.Option(metavar="URL", help="Address of the service.")] = None,
    ocr: Annotated[bool, typer.Option("--ocr", help="Also load the local OCR engine and read a word.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check what a run needs, and say what to mend; spends nothing. Exit code 0, 3 (the key), or 1 (anything else)."""
    session: Session = ctx.obj
    question = Question(out, ledger, backend, region, base_url, ocr)
    found = asyncio.run(_examined(question, None if as_json else session.data))
    code = verdict(found)
    if as_json:
        session.emit(json.dumps({"ok": code == ExitCode.OK, "checks": [asdict(check) for check in found]}))
    raise typer.Exit(code)


async def _examined(question: Question, console: Console | None) -> list[Check]:
    found = []
    async for check in examine(question):
        found.append(check)
        if console is not None:
            show(check, console)
    return found


async def examine(question: Question) -> AsyncIterator[Check]:
    """Make the checks one by one, the quick ones first. A check that breaks is a check that failed.

    Raises:
        UsageFault: if there is no such backend.
    """
    reader = choose(question.backend)
    yield await _made("python", checks.python)
    yield await _made("packages", checks.packages)
    yield await _made("output", lambda: checks.output(question.out))
    yield await _made("ledger", lambda: checks.ledger(question.ledger, question.out))
    yield await _made("key", lambda: reach.key(question.backend, question.base_url, question.region))
    yield await _made("endpoint", lambda: reach.endpoint(reader, question.base_url, question.region))
    yield await _made("prefect", reach.prefect_api)
    yield await _made("drawing", checks.drawing)
    if question.ocr:
        yield await _made("ocr", checks.ocr)


async def _made(name: str, check: Callable[[], Check | Awaitable[Check]]) -> Check:
    try:
        made = check()
        return made if isinstance(made, Check) else await made
    except Exception as error:  # noqa: BLE001 - a doctor who falls ill helps nobody
        return Check(name, "fail", redacted(f"{type(error).__name__}: {error}"), "install pagemill again")


def verdict(found: list[Check]) -> ExitCode:
    """Say by the exit code whether a run can be made: 3 where the key is missing, 1 where anything else fails."""
    failed = {check.name for check in found if check.state == "fail"}
    if "key" in failed:
        return ExitCode.CREDENTIALS
    return ExitCode.PAGES_MISSING if failed else ExitCode.OK


def show(check: Check, console: Console) -> None:
    """Print a check on a line, and under it what mends it."""
    mark, style = _MARKS[check.state]
    line = Text.assemble((f"{mark:<5}", style), (f"{check.name:<10}", "bold"), visible(check.said))
    console.print(line, soft_wrap=True, highlight=False)
    if check.mend:
        console.print(
            Text.assemble(" " * 15, ("mend it: ", "bold"), visible(check.mend)), soft_wrap=True, highlight=False
        )
