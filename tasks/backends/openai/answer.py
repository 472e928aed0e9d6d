"""An answer of the protocol read into ours, whole or put together from a stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.requests import ModelResponse
from schemas.wire import WireSend
from tasks.looping import LoopWatch
from tasks.transport.answers import finish_reason_of, kept_headers, plain, stop_reason, told, usage_of
from tasks.transport.values import content_items, first, mapping, string, word

THOUGHT_ENDS = "</think>"
THOUGHT_BEGINS = "<think>"


@dataclass(slots=True)
class Reply:
    """What came back: the body of a whole answer, or a stream's pieces in the shape of one.

    `looped` is that we stopped it, for a loop.
    """

    body: Mapping[str, Any]
    streamed: bool = False
    looped: bool = False


@dataclass(slots=True)
class Pieces:
    """Puts a stream's pieces together: text and reasoning are appended, anything else is the last that was said."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    finish_reason: str | None = None
    usage: Mapping[str, Any] | None = None
    names: dict[str, Any] = field(default_factory=dict)
    loops: bool = False
    _watches: tuple[LoopWatch, LoopWatch] = field(default_factory=lambda: (LoopWatch(), LoopWatch()))

    def add(self, chunk: Any) -> None:
        """Add one piece. The last has usage and no choice."""
        given = mapping(chunk)
        choice = mapping(first(given.get("choices")))
        delta = mapping(choice.get("delta"))
        self.text.append(_text(delta))
        self.reasoning.append(_reasoning(delta))
        self.loops |= self._watches[0].add(self.text[-1]) or self._watches[1].add(self.reasoning[-1])
        self.finish_reason = finish_reason_of(choice) or self.finish_reason
        self.usage = mapping(given.get("usage")) if told(given.get("usage")) else self.usage
        self.names |= {name: given[name] for name in ("id", "model") if given.get(name)}

    @property
    def is_stuck(self) -> bool:
        """Whether nothing is to be waited for: what is being written goes round in circles."""
        return self.loops and self.finish_reason is None

    def together(self) -> Reply:
        """Give the stream as if it had been one answer."""
        message = {"role": "assistant", "content": "".join(self.text), "reasoning_content": "".join(self.reasoning)}
        choices = [{"index": 0, "message": message, "finish_reason": self.finish_reason}]
        return Reply({**self.names, "choices": choices, "usage": self.usage}, streamed=True, looped=self.is_stuck)


def response_of(
    reply: Reply, headers: Mapping[str, str], sends: tuple[WireSend, ...], *, thinks: bool
) -> ModelResponse | None:
    """Read the answer; None if there is none in it. *thinks* says that the model was to reason first."""
    choice = mapping(first(reply.body.get("choices")))
    if not isinstance(choice.get("message"), Mapping):
        return None
    text, reasoning = _apart(_text(choice["message"]), _reasoning(choice["message"]), thinks=thinks)
    finish_reason = finish_reason_of(choice)
    if reply.streamed and finish_reason is None and not text and not reasoning:
        return None
    usage = mapping(reply.body.get("usage"))
    return ModelResponse(
        text=text,
        stop_reason="loop" if reply.looped else stop_reason(finish_reason, headers, text, streamed=reply.streamed),
        usage=usage_of(usage),
        reasoning=reasoning,
        model=word(reply.body.get("model")),
        request_id=headers.get("x-request-id") or word(reply.body.get("id")),
        status=sends[-1].status if sends else None,
        raw=plain({**reply.body, "usage": usage if told(usage) else None, "headers": kept_headers(headers)}),
        sends=sends,
    )


def _text(message: Mapping[str, Any]) -> str:
    """Read what is said; a server that declines in a field of its own has declined in words."""
    said = "".join(string(item.get("text")) for item in content_items(message.get("content")))
    return said or string(message.get("refusal"))


def _reasoning(message: Mapping[str, Any]) -> str:
    """Read the reasoning, under the name that DashScope gives it or the one that vLLM now does."""
    return string(message.get("reasoning_content")) or string(message.get("reasoning"))


def _apart(text: str, reasoning: str, *, thinks: bool) -> tuple[str, str]:
    """Take reasoning out of the text, where a server without a parser for it has left it there.

    The model's template may have written the opening mark itself, so that only the closing one is in the answer.
    """
    if not thinks or reasoning or THOUGHT_ENDS not in text:
        return text, reasoning
    thought, _, answer = text.partition(THOUGHT_ENDS)
    return answer.lstrip(), thought.strip().removeprefix(THOUGHT_BEGINS).strip()
