"""How a fault is told: a sentence and what mends it, never a traceback, never a key; and the exit code it means."""

from __future__ import annotations

import errno
import json
import os
import tempfile
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text
from typer.exceptions import TyperException

from flows.wording import visible
from schemas.errors import ExitCode, OutputFault, RunError

OF_THE_MACHINE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE})
"""What the system says when it has run out of something: wherever that comes up, it is no bug."""
KEY_VARIABLE = "DASHSCOPE_API_KEY"
KEY_VARIABLES = (
    KEY_VARIABLE,
    "OPENAI_API_KEY",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "FSSPEC_S3_SECRET",
    "FSSPEC_OSS_SECRET",
    "AZURE_STORAGE_ACCOUNT_KEY",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_SAS_TOKEN",
)
"""Where keys and secrets of services and stores stand in the environment."""


@dataclass(frozen=True, slots=True)
class Told:
    """A fault in words."""

    exit_code: int
    kind: str
    message: str
    advice: str = ""

    def show(self, console: Console) -> None:
        """Print it, one line for each thing that is wrong."""
        for line in self.message.splitlines() or [self.kind]:
            console.print(Text.assemble(("error: ", "bold red"), visible(line)), soft_wrap=True, highlight=False)
        for number, line in enumerate(self.advice.splitlines()):
            mark = ("" if number else "try: ", "bold")  # what follows the first line is to be copied as it stands
            console.print(Text.assemble(mark, visible(line)), soft_wrap=True, highlight=False)

    def as_json(self) -> str:
        """Give it as the one JSON object that a command with `--json` prints."""
        fields = {"status": "failed", "exit_code": self.exit_code, "error_kind": self.kind}
        return json.dumps(fields | {"error_message": self.message, "advice": self.advice})


def of_run(error: RunError) -> Told:
    """Tell of what stopped a run before it began."""
    return Told(error.exit_code, error.kind, redacted(str(error)), redacted(error.advice))


def of_usage(error: TyperException) -> Told:
    """Tell of an option or argument that the command line got wrong."""
    path = getattr(getattr(error, "ctx", None), "command_path", "pagemill")
    message = error.format_message().replace("(Possible options: ", "(did you mean ").replace("'", "")
    return Told(ExitCode.USAGE, "usage", message, f"{path} --help")


def of_machine(error: OSError) -> Told:
    """Tell of a machine that has run out of something."""
    from tasks.aside import ADVICE

    where = f": {error.filename}" if isinstance(error.filename, str) else ""
    return Told(ExitCode.OUTPUT, OutputFault.kind, redacted(f"{error.strerror}{where}"), ADVICE[error.errno or 0])


def of_bug(error: BaseException, folders: Iterable[str]) -> Told:
    """Tell of a bug: its traceback goes to a file in the first of *folders* that is there, else a temporary one."""
    where = _keep(redacted("".join(traceback.format_exception(error))), folders)
    what = redacted("".join(traceback.format_exception_only(error)).strip().splitlines()[-1])
    advice = f"this is a bug in pagemill; the traceback is in {where}; the run resumes with the same command"
    return Told(ExitCode.INTERNAL, "internal", what, advice)


def _keep(text: str, folders: Iterable[str]) -> str:
    name = f"_crash-{datetime.now(UTC):%Y%m%dT%H%M%S}-{os.getpid()}.txt"
    for folder in (*folders, tempfile.gettempdir()):
        try:
            path = Path(folder, name)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return str(path)
    return "no place that could be written to; --debug shows it"


def redacted(text: str) -> str:
    """Take the keys out of a text, should a library have put one in."""
    for key in filter(None, (os.environ.get(variable, "").strip() for variable in KEY_VARIABLES)):
        text = text.replace(key, "***")
    return text
