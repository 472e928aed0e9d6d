"""What answers have in common, whichever protocol they came by: tokens, endings, and what of them is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from schemas.requests import StopReason
from schemas.usage import Usage
from tasks.transport.values import count, mapping

PARTIAL_HEADER = "x-dashscope-partialresponse"
KEPT_HEADERS = ("x-request-id", "req-cost-time", PARTIAL_HEADER)
STOP_REASONS: Mapping[str, StopReason] = {"stop": "stop", "length": "length", "content_filter": "content_filter"}


def usage_of(raw: Mapping[str, Any]) -> Usage:
    """Read token counts of any generation, native or OpenAI-compatible: totals first, then what they consist of."""
    given = mapping(raw)
    input_parts = mapping(given.get("input_tokens_details")) | mapping(given.get("prompt_tokens_details"))
    output_parts = mapping(given.get("output_tokens_details")) | mapping(given.get("completion_tokens_details"))

    def part(name: str) -> int:
        return count(input_parts.get(name)) or count(given.get(name))

    image, video, text = part("image_tokens"), part("video_tokens"), count(input_parts.get("text_tokens"))
    reasoning = count(output_parts.get("reasoning_tokens")) or count(given.get("reasoning_tokens"))
    outputs = count(given.get("output_tokens")) or count(given.get("completion_tokens"))
    outputs = outputs or reasoning + count(output_parts.get("text_tokens"))
    inputs = count(given.get("input_tokens")) or count(given.get("prompt_tokens"))
    inputs = inputs or max(count(given.get("total_tokens")) - outputs, image + video + text, 0)
    return Usage(
        input_tokens=inputs,
        output_tokens=outputs,
        image_tokens=image,
        text_tokens=text or (max(inputs - image - video, 0) if image or video else 0),
        video_tokens=video,
        cached_tokens=part("cached_tokens"),
        reasoning_tokens=reasoning,
    )


def told(usage: Any) -> bool:
    """Whether usage was told: some fill in zeros where it was not."""
    return any(count(value) or isinstance(value, Mapping) for value in mapping(usage).values())


def finish_reason_of(choice: Mapping[str, Any]) -> str | None:
    """Read why the service says that it ended; it says "null" in words while it has not."""
    reason = choice.get("finish_reason")
    return reason if isinstance(reason, str) and reason not in {"", "null"} else None


def stop_reason(finish_reason: str | None, headers: Mapping[str, str], text: str, *, streamed: bool) -> StopReason:
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


def kept_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Choose the headers that say something of the answer."""
    return {name: headers[name] for name in KEPT_HEADERS if name in headers}


def plain(raw: Mapping[str, Any]) -> dict[str, Any]:
    """Make what a service sent plain JSON values; what no JSON has (NaN) is null."""
    values: dict[str, Any] = json.loads(json.dumps(raw), parse_constant=lambda _: None)
    return values
