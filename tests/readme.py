"""Documents as programs: their commands are run and what they print is held against what stands there.

A `console` block is a session: lines that begin with `$ ` are run by bash in one folder, one after the other, and the
lines below them are what they print; `...` stands for anything. A `python` block is run in the same folder, in one
namespace a document. What is not to be run stands in blocks of other kinds (`text`, `sh`, `toml`).
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_BLOCK = re.compile(r"^```(console|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ANYTHING = "..."
SECONDS = 240


@dataclass(frozen=True)
class Block:
    """A block that can be run, and the line at which it stands."""

    kind: str
    text: str
    line: int


def blocks(document: str) -> Iterator[Block]:
    """List the blocks of a Markdown document that can be run, in order."""
    for match in _BLOCK.finditer(document):
        yield Block(match[1], match[2], document[: match.start()].count("\n") + 2)


def commands(session: str) -> Iterator[tuple[str, str]]:
    """Take a session apart into commands and what each is to print."""
    for piece in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]:
        command, _, printed = piece.partition("\n")
        while command.endswith("\\"):
            more, _, printed = printed.partition("\n")
            command = f"{command[:-1]}{more.removeprefix('> ')}"
        yield command, printed


def matches(expected: str, printed: str) -> bool:
    """Whether *printed* is what was expected, spaces at line ends aside."""
    wanted, got = ("\n".join(line.rstrip() for line in text.strip().splitlines()) for text in (expected, printed))
    pattern = ".*".join(re.escape(part) for part in wanted.split(_ANYTHING))
    return re.fullmatch(pattern, got, re.DOTALL) is not None


def run(document: str, folder: Path, environment: Mapping[str, str]) -> None:
    """Run a document from top to bottom in *folder*.

    Raises:
        AssertionError: if a command fails or prints something else, with the line of the document.
    """
    namespace: dict[str, object] = {"__name__": "__main__"}
    for block in blocks(document):
        if block.kind == "python":
            exec(compile("\n" * (block.line - 1) + block.text, "README.md", "exec"), namespace)  # noqa: S102 - ours
            continue
        for command, expected in commands(block.text):
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", command],
                cwd=folder,
                env=dict(environment),
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
            said = done.stdout + done.stderr
            where = f"line {block.line}: {command}"
            assert not done.returncode, f"{where}\nended with {done.returncode}:\n{said}"
            assert not expected.strip() or matches(expected, said), f"{where}\nprinted:\n{said}"
