"""Jobs that misbehave on purpose, for worker processes to run."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import warnings
from pathlib import Path

from schemas.errors import CorruptDocument


def double(number: int) -> int:
    return 2 * number


def process_id() -> int:
    return os.getpid()


def say_hello_then_hang(path: str) -> None:
    """Hang inside C, where Python handles no signal, after saying which process hangs."""
    Path(path).write_text(str(os.getpid()))
    ctypes.CDLL(None).pause()


def exit_without_a_word(code: int) -> None:
    os._exit(code)


def read_address_zero() -> None:
    ctypes.string_at(0)


def die_the_first_time(path: str) -> str:
    if not Path(path).exists():
        Path(path).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return "alive"


def eat_memory() -> None:
    eaten = []
    while True:
        eaten.append(bytearray(50_000_000))


def raise_corrupt() -> None:
    raise CorruptDocument("page 3: the cross-reference table is ä mess")


class Stubborn(Exception):
    """Pickles, and cannot be unpickled."""

    def __init__(self, one: str, other: str) -> None:
        super().__init__(f"{one} and {other}")


def raise_stubborn() -> None:
    raise Stubborn("this", "that")


def raise_timeout() -> None:
    raise TimeoutError("the job's own")


def give_what_does_not_travel() -> object:
    return threading.Lock()


def shout() -> None:
    sys.stdout.write("to stdout\n")
    sys.stdout.flush()
    sys.stderr.write("to stderr\n")
    warnings.warn("a warning", UserWarning, stacklevel=1)
    os.write(2, b"to descriptor 2\n")
    ctypes.CDLL(None).puts(b"from C")


def what_is_loaded() -> tuple[set[str], int]:
    return set(sys.modules), threading.active_count()


def ignores_interrupts() -> bool:
    return signal.getsignal(signal.SIGINT) is signal.SIG_IGN
