"""The command `pagemill`: its commands under one roof, and every fault turned into a sentence and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated

import typer
from rich.console import Console
from typer.exceptions import TyperException

from flows import (
    asking,
    attending,
    backfilling,
    compacting,
    doctor,
    evaluating,
    exporting,
    faults,
    inspecting,
    limiting,
    reviewing,
    running,
)
from flows.engine import CoreEngine, Engine
from flows.session import Session
from schemas.errors import ExitCode, RunError
from schemas.version import version

app = typer.Typer(
    name="pagemill",
    help="Turns folders of PDFs and images into tables, with every page and every token accounted for.",
    epilog="Exit codes: " + ", ".join(f"{code.value} {code.name.lower().replace('_', ' ')}" for code in ExitCode),
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _command in (
    running.run,
    backfilling.backfill,
    attending.worker,
    asking.estimate,
    asking.status,
    running.retry,
    running.replay,
    asking.models,
    limiting.limits,
    inspecting.show,
    inspecting.files,
    inspecting.pages,
    reviewing.review,
    exporting.export,
    evaluating.evaluate,
    compacting.compact,
    doctor.doctor,
):
    app.command()(_command)


@app.callback(invoke_without_command=True)
def root(
    ctx: typer.Context, *, show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False
) -> None:
    """Answer `--version`; without a command, show the help."""
    if show_version:
        ctx.obj.emit(f"pagemill {version()}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())
        raise typer.Exit(ExitCode.USAGE)


def main(argv: Sequence[str] | None = None, *, engine: Engine | None = None) -> int:
    """Run the command line and give its exit code; every fault becomes a sentence here."""
    words = tuple(sys.argv[1:] if argv is None else argv)
    session = Session(engine or CoreEngine(), Console(), Console(stderr=True), words)
    try:
        return (
            typer.main.get_command(app).main(args=list(words), prog_name="pagemill", standalone_mode=False, obj=session)
            or ExitCode.OK
        )
    except RunError as error:
        told = faults.of_run(error)
    except TyperException as error:
        told = faults.of_usage(error)
    except (KeyboardInterrupt, typer.Abort):
        told = faults.Told(ExitCode.INTERRUPTED, "interrupted", "stopped", "the same command again goes on")
    except Exception as error:  # noqa: BLE001 - whatever is left is a bug, and is told as one
        if "--debug" in words:
            session.words.out(faults.redacted(traceback.format_exc()), highlight=False)
        told = _unexpected(error, words)
    told.show(session.words)
    if "--json" in words:
        session.emit(told.as_json())
    return told.exit_code


def _unexpected(error: Exception, words: Sequence[str]) -> faults.Told:
    if isinstance(error, OSError) and error.errno in faults.OF_THE_MACHINE:
        return faults.of_machine(error)
    return faults.of_bug(error, _out_of(words))


def _out_of(words: Sequence[str]) -> list[str]:
    """Find the output folder in a command line that may not have been parsed."""
    following = [after for word, after in pairwise(words) if word in {"--out", "-o"}]
    return following + [word.removeprefix("--out=") for word in words if word.startswith("--out=")]


if __name__ == "__main__":
    sys.exit(main())
