"""The command as a process of its own that is killed with all its workers, again and again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from random import Random

    from tests.emulator import Emulator
    from tests.mill import Mill

ROOT = Path(__file__).parents[2]
LOOK = 0.01
PATIENCE = 60.0
"""Seconds in which a life comes to its first request, on however busy a machine."""


def command(mill: Mill, *options: object, rpm: float = 60_000) -> list[str]:
    """`pagemill run` over the mill's source, as somebody would type it."""
    words = [mill.source, "--out", mill.out, "--backend", "dashscope", "--base-url", mill.emulator.base_url]
    pace = ["--rpm", rpm, "--tpm", 1_000_000_000, "--workers", 1]
    return [sys.executable, "-m", "flows.cli", "run", *map(str, (*words, *pace, *options))]


def resident(pid: int) -> int:
    """Bytes of memory that a process holds; 0 where there is none."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


class Life:
    """One life of the command, in a process group of its own."""

    def __init__(self, words: list[str]) -> None:
        self.process = subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.process.communicate()

    @property
    def is_over(self) -> bool:
        return self.process.poll() is not None

    @property
    def resident(self) -> int:
        """Bytes of memory that it holds, without its workers; 0 once it is over."""
        return resident(self.process.pid)

    def kill(self) -> None:
        """Kill it and whatever it has started, as a power cut would."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def live(self, seconds: float) -> bool:
        """Let it live so long; says whether it is still alive."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(seconds)
        return not self.is_over

    def live_until(self, emulator: Emulator, requests: int, *, at_most: float) -> None:
        """Let it live until the service has seen so many requests."""
        end = monotonic() + at_most
        while len(emulator.calls) < requests and monotonic() < end and self.live(LOOK):
            pass

    def end(self) -> tuple[int, str]:
        """Let it come to its own end; gives its exit code and what it said."""
        _, said = self.process.communicate()
        return self.process.returncode, said


def kill_again_and_again(mill: Mill, words: list[str], *, kills: int, most: int, dice: Random) -> int:
    """Kill it so often, at moments that follow the work: some before it, most in the midst of it, some at its end.

    A life ends a little after one to *most* further requests; one in ten ends while it still starts. When there is
    nothing left to ask, it ends after some seconds. Gives how many lives came to their own end, which are no kills.
    """
    killed = survived = 0
    while killed < kills:
        with Life(words) as life:
            if dice.random() > 0.1:
                wanted = len(mill.emulator.calls) + dice.randint(1, most)
                life.live_until(mill.emulator, wanted, at_most=dice.uniform(2, 8) if survived else PATIENCE)
            if life.live(dice.uniform(0, 0.2)):
                killed += 1
            else:
                survived += 1
    return survived
