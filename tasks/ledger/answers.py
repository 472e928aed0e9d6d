"""The answer store: what was paid for, under the name of what was asked, and the sends that it took."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine, select

from schemas.records import CallRecord
from tasks.ledger.payload import pack, unpack
from tasks.ledger.store import Store, keeping, pieces, replacing
from tasks.ledger.tables import answers, calls
from tasks.ports import KeptAnswer

_COSTS = frozenset({"cost", "currency", "price_date"})
CALL_FIELDS = tuple(field.name for field in fields(CallRecord) if field.name not in _COSTS)
"""What the journal holds of a send: all but its price, which is looked up anew each time it is asked for."""

_KEYS_AT_ONCE = 500
"""Answers read in one statement; each may be large."""


class AnswerStore(Store):
    """Keeps answers and journals the sends that brought them. The contract is `tasks.ports.Answers`."""

    def __init__(self, engine: Engine, where: str) -> None:
        super().__init__(engine, where)
        self._keep = keeping(self.insert(answers), "request_key")
        self._open = keeping(self.insert(calls), "call_id")
        self._close_call = replacing(self.insert(calls), "call_id")

    async def kept(self, keys: Sequence[str]) -> Mapping[str, KeptAnswer]:
        """Look up kept answers by request key; absent keys are absent."""
        return await self.read(partial(_kept, keys=keys))

    async def kept_keys(self, keys: Sequence[str]) -> set[str]:
        """Say which of these requests have an answer, without reading it."""
        return await self.read(partial(_kept_keys, keys=keys))

    async def open_call(self, call: CallRecord) -> None:
        """Journal a send before it leaves, so that a kill leaves its trace."""
        await self.write_rows(lambda: [(self._open, call_row(call))])

    async def close_calls(self, calls: Sequence[CallRecord], answer: KeptAnswer | None = None) -> None:
        """Write what came of sends, and keep the answer unless one is kept already, in one transaction."""
        await self.write_rows(partial(self._closed, tuple(calls), answer))

    def _closed(self, sends: Sequence[CallRecord], answer: KeptAnswer | None) -> Iterator[Any]:
        for send in sends:
            yield self._close_call, call_row(send)
        if answer is not None:
            yield self._keep, _answer_row(answer, sends)


def call_row(call: CallRecord) -> dict[str, Any]:
    """Give a send as a row of the journal."""
    return {name: getattr(call, name) for name in CALL_FIELDS}


def call_record(row: Any) -> CallRecord:
    """Give a row of the journal as a send, its cost unknown."""
    return CallRecord(**row._asdict())


def _answer_row(answer: KeptAnswer, sends: Sequence[CallRecord]) -> dict[str, Any]:
    # The last send that was about this very request brought it; a backend that sends nothing names none.
    last = next((send for send in reversed(sends) if send.request_key == answer.request_key), None)
    return {
        "request_key": answer.request_key,
        "base_key": last and last.base_key,
        "doc_id": last and last.doc_id,
        "model": answer.response.model or (last and last.model),
        "created_at": datetime.now(UTC),
        "payload": pack(answer),
    }


def _kept(connection: Connection, keys: Sequence[str]) -> dict[str, KeptAnswer]:
    found: dict[str, KeptAnswer] = {}
    for some in pieces(keys, _KEYS_AT_ONCE):
        wanted = select(answers.c.request_key, answers.c.payload).where(answers.c.request_key.in_(some))
        for key, payload in connection.execute(wanted):
            found[key] = unpack(key, payload)
    return found


def _kept_keys(connection: Connection, keys: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for some in pieces(keys):
        found.update(connection.scalars(select(answers.c.request_key).where(answers.c.request_key.in_(some))))
    return found
