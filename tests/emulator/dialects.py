"""What the two protocols of the service have in common; `native` and `compatible` are one each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.emulator.question import Question
    from tests.emulator.refusal import Refusal
    from tests.emulator.reply import Reply


class Dialect(Protocol):
    """A protocol: how requests are put, and how answers and refusals are. Modules fulfil it."""

    def wants_stream(self, headers: Mapping[str, str], body: Mapping[str, Any], /) -> bool: ...

    def unwrapped(self, body: dict[str, Any], /) -> dict[str, Any]:
        """Give the request in the service's own form."""
        ...

    def answer(self, question: Question, reply: Reply, request_id: str, /) -> dict[str, Any]: ...

    def stream(self, question: Question, reply: Reply, request_id: str, /) -> Iterator[bytes]: ...

    def refusal(self, refused: Refusal, request_id: str, /) -> dict[str, Any]: ...

    def error_event(self, number: int, refused: Refusal, request_id: str, /) -> bytes: ...
