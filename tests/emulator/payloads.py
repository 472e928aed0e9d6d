"""What every answer of the service bears, whoever gives it: its JSON, its headers."""

from __future__ import annotations

import json
import time
from email.utils import formatdate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.emulator.models import Era

VARY = "Origin,Access-Control-Request-Method,Access-Control-Request-Headers"
TIME_LIMIT = {"2024": 180, "2025": 298}
"""Seconds after which a plain answer is partial, as the service says in a header."""


def dumps(payload: object) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def headers(request_id: str) -> dict[str, str]:
    """Give the headers that every answer of the service bears, whoever gives it."""
    return {
        "vary": VARY,
        "x-request-id": request_id,
        "server": "istio-envoy",
    }


def timing_headers(arrived: float) -> dict[str, str]:
    """Give the headers that say how long it took; *arrived* is `time.time()` of the request."""
    now = time.time()
    cost = int((now - arrived) * 1000)
    return {
        "req-cost-time": str(cost),
        "req-arrive-time": str(int(arrived * 1000)),
        "resp-start-time": str(int(now * 1000)),
        "x-envoy-upstream-service-time": str(max(0, cost - 8)),
        "date": formatdate(now, usegmt=True),
    }


PARTIAL = {"x-dashscope-partialresponse": "true"}


def model_headers(era: Era, request_id: str, *, finished: bool) -> dict[str, str]:
    """Give the headers of answers that reached a model."""
    fields = {
        "x-dashscope-call-gateway": "true",
        "x-dashscope-timeout": str(TIME_LIMIT[era]),
        "x-dashscope-finished": "true" if finished else "false",
    }
    if era == "2024":
        fields["eagleeye-traceid"] = request_id.replace("-", "")
        fields["set-cookie"] = f"acw_tc={request_id};path=/;HttpOnly;Max-Age=1800"
    return fields
