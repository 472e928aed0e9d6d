"""Server-sent events put together from bytes, however these are cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

DATA = b"data:"


@dataclass(slots=True)
class Events:
    r"""Gives the data of each event that is complete; what a connection breaks off in the middle of is never given.

    >>> events = Events()
    >>> [*events.feed(b'data: {"a"'), *events.feed(b": 1}\r\n\r\n: a comment\n\ndata: [DO")]
    [b'{"a": 1}']
    """

    _rest: bytes = b""
    _lines: list[bytes] = field(default_factory=list)

    def feed(self, received: bytes) -> Iterator[bytes]:
        """Take in what was received."""
        *lines, self._rest = (self._rest + received).split(b"\n")
        for line in lines:
            text = line.removesuffix(b"\r")
            if text.startswith(DATA):
                self._lines.append(text.removeprefix(DATA).removeprefix(b" "))
            elif not text and self._lines:
                yield b"\n".join(self._lines)
                self._lines.clear()
