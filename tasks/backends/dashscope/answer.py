"""The service's answer read into ours, whichever of its generations it is of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from schemas.requests import ModelResponse, StopReason
from schemas.usage import Usage
from schemas.wire import WireSend

PARTIAL_HEADER = "x-dashscope-partialresponse"
KEPT_HEADERS = ("x-request-id", "req-cost-time", PARTIAL_HEADER)
STOP_REASONS: Mapping[str, StopReason] = {"stop": "stop", "length": "length", "content_filter": "content_filter"}


@dataclass(slots=True)
class Reply:
    """What came back: one answer, or a stream's pieces put together."""

    output: Mapping[str, Any]
    usage: Mapping[str, Any]
    request_id: str | None
    streamed: bool = False


@dataclass(slots=True)
class Pieces:
    """Puts a stream's pieces together: text and reasoning are appended, anything else is the last that was sent."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    others: dict[str, Any] = field(default_factory=dict)
    finish_reason: str | None = None
    usage: Mapping[str, Any] = field(default_factory=dict)
    request_id: str | None = None

    def add(self, output: Any, usage: Any, request_id: str | None) -> None:
        """Add one piece."""
        choice = _first_choice(output)
        message = _mapping(choice.get("message"))
        for item in _items(message.get("content")):
            self.text.append(_text(item))
            self.others |= {name: value for name, value in item.items() if name != "text"}
        self.reasoning.append(_string(message.get("reasoning_content")))
        self.finish_reason = _finish_reason(choice) or self.finish_reason
        self.usage = _mapping(usage) if _told(usage) else self.usage
        self.request_id = request_id or self.request_id

    def together(self) -> Reply:
        """Give the stream as if it had been one answer."""
        content = [{"text": "".join(self.text)} | self.others]
        message = {"role": "assistant", "content": content, "reasoning_content": "".join(self.reasoning)}
        output = {"choices": [{"finish_reason": self.finish_reason, "message": message}]}
        return Reply(output, self.usage, self.request_id, streamed=True)


def response_of(
    reply: Reply, headers: Mapping[str, str], sends: tuple[WireSend, ...], *, processed: bool
) -> ModelResponse | None:
    """Read the answer; None if there is none in it.

    *processed* prefers the service's own text without repeated fragments where it gives one; `raw` keeps both.
    """
    choice = _first_choice(reply.output)
    if not choice:
        return None
    message = _mapping(choice.get("message"))
    text = "".join(_text(item, processed=processed) for item in _items(message.get("content")))
    reasoning = _string(message.get("reasoning_content"))
    finish_reason = _finish_reason(choice)
    if reply.streamed and finish_reason is None and not text and not reasoning:
        return None
    return ModelResponse(
        text=text,
        stop_reason=_stop_reason(finish_reason, headers, text, streamed=reply.streamed),
        usage=usage_of(reply.usage),
        reasoning=reasoning,
        request_id=reply.request_id or None,
        status=sends[-1].status if sends else None,
        raw=_raw(reply, headers),
        sends=sends,
    )


def usage_of(raw: Mapping[str, Any]) -> Usage:
    """Read token counts of any generation, native or OpenAI-compatible: totals first, then what they consist of."""
    given = _mapping(raw)
    input_parts = _mapping(given.get("input_tokens_details")) | _mapping(given.get("prompt_tokens_details"))
    output_parts = _mapping(given.get("output_tokens_details")) | _mapping(given.get("completion_tokens_details"))

    def part(name: str) -> int:
        return _count(input_parts.get(name)) or _count(given.get(name))

    image, video, text = part("image_tokens"), part("video_tokens"), _count(input_parts.get("text_tokens"))
    reasoning = _count(output_parts.get("reasoning_tokens")) or _count(given.get("reasoning_tokens"))
    outputs = _count(given.get("output_tokens")) or _count(given.get("completion_tokens"))
    outputs = outputs or reasoning + _count(output_parts.get("text_tokens"))
    inputs = _count(given.get("input_tokens")) or _count(given.get("prompt_tokens"))
    inputs = inputs or max(_count(given.get("total_tokens")) - outputs, image + video + text, 0)
    return Usage(
        input_tokens=inputs,
        output_tokens=outputs,
        image_tokens=image,
        text_tokens=text or (max(inputs - image - video, 0) if image or video else 0),
        video_tokens=video,
        cached_tokens=part("cached_tokens"),
        reasoning_tokens=reasoning,
    )


def _stop_reason(finish_reason: str | None, headers: Mapping[str, str], text: str, *, streamed: bool) -> StopReason:
    """Say why the answer ended.

    The first generation of models gives no reason with a whole answer (null, or the word "null"), so nothing is
    wrong where a whole answer with text has none. A stream says "null" until it is over: one without a reason was cut.
    """
    if headers.get(PARTIAL_HEADER, "").lower() == "true":
        return "partial"
    if finish_reason is not None:
        return STOP_REASONS.get(finish_reason, "error")
    if streamed:
        return "partial"
    return "stop" if text.strip() else "error"


def _raw(reply: Reply, headers: Mapping[str, str]) -> dict[str, Any]:
    """Keep what the service sent, as plain JSON values; of the headers only those that say something of the answer."""
    kept = {name: headers[name] for name in KEPT_HEADERS if name in headers}
    usage = reply.usage if _told(reply.usage) else None
    raw = {"request_id": reply.request_id, "output": reply.output, "usage": usage, "headers": kept}
    plain: dict[str, Any] = json.loads(json.dumps(raw), parse_constant=lambda _: None)
    return plain


def _first_choice(output: Any) -> Mapping[str, Any]:
    """Find the answer among `choices`, or where it stood before there were choices."""
    given = _mapping(output)
    choices = given.get("choices")
    if isinstance(choices, list) and choices:
        return _mapping(choices[0])
    if isinstance(given.get("text"), str):
        return {"finish_reason": given.get("finish_reason"), "message": {"content": given["text"]}}
    return {}


def _finish_reason(choice: Mapping[str, Any]) -> str | None:
    reason = choice.get("finish_reason")
    return reason if isinstance(reason, str) and reason not in {"", "null"} else None


def _items(content: Any) -> Iterator[Mapping[str, Any]]:
    """Go through an answer's content: a plain string, a list of strings or of items, or nothing."""
    for item in content if isinstance(content, list) else [content]:
        if isinstance(item, str):
            yield {"text": item}
        elif isinstance(item, Mapping):
            yield item


def _text(item: Mapping[str, Any], *, processed: bool = False) -> str:
    return (_string(item.get("processed_text")) if processed else "") or _string(item.get("text"))


def _told(usage: Any) -> bool:
    """Whether usage was told: the SDK fills in zeros where it was not."""
    return any(_count(value) or isinstance(value, Mapping) for value in _mapping(usage).values())


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
