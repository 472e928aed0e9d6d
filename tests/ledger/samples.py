"""Rows for the tests of the ledger."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from schemas.records import CallRecord
from schemas.requests import ModelResponse
from tasks.ports import KeptAnswer

START = datetime(2026, 5, 4, 3, 2, 1, 654_321, tzinfo=UTC)


def a_call(call_id: str = "call-1", *, key: str = "key", after: float = 0.0, **fields) -> CallRecord:
    given = {
        "call_id": call_id,
        "run_id": "run-1",
        "request_key": key,
        "base_key": key,
        "doc_id": "document",
        "pages": "1",
        "operation": "text",
        "attempt": 1,
        "lane": "realtime",
        "backend": "dashscope",
        "model": "a-model",
        "outcome": "open",
        "started_at": START + timedelta(seconds=after),
    }
    return CallRecord(**{**given, **fields})


def an_answer(key: str = "key", text: str = "what stands on the page") -> KeptAnswer:
    return KeptAnswer(key, ModelResponse(text, "stop", model="a-model"))
