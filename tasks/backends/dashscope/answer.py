"""The service's answer read into ours, whichever of its generations it is of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.requests import ModelResponse
from schemas.wire import WireSend
from tasks.looping import LoopWatch
from tasks.transport.answers import finish_reason_of, kept_headers, plain, stop_reason, told, usage_of
from tasks.transport.values import content_items, first, mapping, string


@dataclass(slots=True)
class Reply:
    """What came back: one answer, or a stream's pieces put together. `looped` is that we stopped it, for a loop."""

    output: Mapping[str, Any]
    usage: Mapping[str, Any]
    request_id: str | None
    streamed: bool = False
    looped: bool = False


@dataclass(slots=True)
class Pieces:
    """Puts a stream's pieces together: text and reasoning are appended, anything else is the last that was sent."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    finish_reason: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    request_id: str | None = None
    loops: bool = False
    _watches: tuple[LoopWatch, LoopWatch] = field(default_factory=lambda: (LoopWatch(), LoopWatch()))

    def add(self, output: Any, usage: Any, request_id: str | None) -> None:
        """Add one piece."""
        choice = _first_choice(output)
        message = mapping(choice.get("message"))
        for item in content_items(message.get("content")):
            self.text.append(_text(item))
            self.others |= {name: value for name, value in item.items() if name != "text"}
            self.loops |= self._watches[0].add(self.text[-1])
        self.reasoning.append(string(message.get("reasoning_content")))
        self.loops |= self._watches[1].add(self.reasoning[-1])
        self.finish_reason = finish_reason_of(choice) or self.finish_reason
        self.usage = mapping(usage) if told(usage) else self.usage
        self.request_id = request_id or self.request_id

    @property
    def is_stuck(self) -> bool:
        """Whether nothing is to be waited for: what is being written goes round in circles."""
        return self.loops and self.finish_reason is None

    def together(self) -> Reply:
        """Give the stream as if it had been one answer."""
        content = [{"text": "".join(self.text)} | self.others]
        message = {"role": "assistant", "content": content, "reasoning_content": "".join(self.reasoning)}
        output = {"choices": [{"finish_reason": self.finish_reason, "message": message}]}
        return Reply(output, self.usage, self.request_id, streamed=True, looped=self.is_stuck)


def response_of(
    reply: Reply, headers: Mapping[str, str], sends: tuple[WireSend, ...], *, processed: bool
) -> ModelResponse | None:
    """Read the answer; None if there is none in it.

    *processed* prefers the service's own text without repeated fragments where it gives one; `raw` keeps both.
    """
    choice = _first_choice(reply.output)
    if not choice:
        return None
    message = mapping(choice.get("message"))
    text = "".join(_text(item, processed=processed) for item in content_items(message.get("content")))
    reasoning = string(message.get("reasoning_content"))
    finish_reason = finish_reason_of(choice)
    if reply.streamed and finish_reason is None and not text and not reasoning:
        return None
    return ModelResponse(
        text=text,
        stop_reason="loop" if reply.looped else stop_reason(finish_reason, headers, text, streamed=reply.streamed),
        usage=usage_of(reply.usage),
        reasoning=reasoning,
        request_id=reply.request_id or None,
        status=sends[-1].status if sends else None,
        raw=_raw(reply, headers),
        sends=sends,
    )


def _raw(reply: Reply, headers: Mapping[str, str]) -> dict[str, Any]:
    usage = reply.usage if told(reply.usage) else None
    said = {"request_id": reply.request_id, "output": reply.output, "usage": usage}
    return plain(said | {"headers": kept_headers(headers)})


def _first_choice(output: Any) -> Mapping[str, Any]:
    """Find the answer among `choices`, or where it stood before there were choices."""
    given = mapping(output)
    if (choice := first(given.get("choices"))) is not None:
        return mapping(choice)
    if isinstance(given.get("text"), str):
        return {"finish_reason": given.get("finish_reason"), "message": {"content": given["text"]}}
    return {}


def _text(item: Mapping[str, Any], *, processed: bool = False) -> str:
    return (string(item.get("processed_text")) if processed else "") or string(item.get("text"))
