"""The way of one request through the service: gateway, model, answer; in either protocol."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.emulator import failing, native, payloads, question
from tests.emulator.downloads import fetch
from tests.emulator.log import SeenImage
from tests.emulator.refusal import Refusal, TooLarge, bad_parameter
from tests.emulator.reply import BEHAVIOURS
from tests.emulator.wire import Exchange, Stopped

if TYPE_CHECKING:
    from tests.emulator.dialects import Dialect
    from tests.emulator.log import Call
    from tests.emulator.models import Model
    from tests.emulator.question import Question
    from tests.emulator.reply import Reply
    from tests.emulator.service import Service

HIDDEN_HEADERS = frozenset({"authorization"})
logger = logging.getLogger(__name__)


class Visit:
    """One request on its way through the service, with its entry in the log."""

    def __init__(self, service: Service, request: web.Request, dialect: Dialect) -> None:
        shown = {name: value for name, value in request.headers.items() if name.lower() not in HIDDEN_HEADERS}
        self.service = service
        self.dialect = dialect
        self.call: Call = service.calls.open(request.path, shown, service.new_request_id())
        self.call.key = request.headers.get("authorization", "").removeprefix("Bearer ").strip() or None
        self.exchange = Exchange(request, payloads.headers(self.call.request_id), service.stopping)

    async def run(self) -> web.StreamResponse:
        """Answer; whatever comes of it is in the log."""
        try:
            return await self._answer(await self._admit())
        except Refusal as refused:
            return await self._refuse(refused)
        except TooLarge:
            self.call.outcome, self.call.status = "refused", 413
            return self.exchange.plain(413, b"Payload Too Large", "text/plain")
        except asyncio.CancelledError:
            self._abandoned("stopped" if self.service.stopping.is_set() else "disconnected")
            raise
        except ConnectionError as gone:
            self._abandoned("stopped" if isinstance(gone, Stopped) else "disconnected")
            return self.exchange.close()
        except Exception as bug:
            logger.exception("the emulator failed")
            self.call.outcome = "crashed"
            self.service.crashes.append(bug)
            raise
        finally:
            self.service.calls.close(self.call)

    def _abandoned(self, outcome: str) -> None:
        if self.call.fault is None:  # what the fault brought about is the fault
            self.call.outcome = outcome

    async def _admit(self) -> Question:
        """Pass the gateway: size, key, model, quota; then read the question."""
        raw = await _body(self.exchange.request)
        call, service = self.call, self.service
        call.body_bytes = len(raw)
        call.account = service.account_of(call.key)
        body = _object(raw)
        call.stream = self.dialect.wants_stream(self.exchange.request.headers, body)
        body = self.dialect.unwrapped(body)
        model = service.model_named(body.get("model"))
        call.model = model.name
        self.exchange.headers |= payloads.model_headers(model.era, call.request_id, finished=not call.stream)
        self.exchange.compressed = model.era == "2025"
        service.limits.admit(call.account, model.name)
        asked = await self._read(body, model)
        service.limits.admit_tokens(call.account, model.name, asked.input_tokens)
        return asked

    async def _read(self, body: dict[str, Any], model: Model) -> Question:
        call = self.call
        call.parameters = body.get("parameters") or {}
        asked = await question.parse(body, model, call.body_bytes, fetch, stream=call.stream)
        call.digest, call.prompt = asked.digest, asked.prompt
        call.images = tuple(
            SeenImage(seen.sha256, seen.width, seen.height, seen.tokens, seen.format, len(seen.data))
            for seen in asked.pictures
        )
        call.attempt = self.service.attempt(asked.digest)
        return asked

    async def _answer(self, asked: Question) -> web.StreamResponse:
        chosen = self.service.plan.choose(asked, self.call.attempt)
        reply = self.service.answer(asked)
        if chosen is None:
            return await self._send(asked, await self._generate(asked, reply))
        fault = chosen.fault
        self.call.fault = fault.name
        if fault.billed:
            reply = await self._generate(asked, BEHAVIOURS.get(fault.name, _as_is)(reply))
        if fault.kind == "answer":
            return await self._send(asked, reply)
        self.call.outcome = "fault"
        self.exchange.settings = chosen.settings
        return await failing.fail(self.exchange, self.dialect, asked, reply, self.call)

    async def _generate(self, asked: Question, reply: Reply) -> Reply:
        """Take the time that an answer takes. It is owed from here on, also if nobody waits for it."""
        seconds, limit = self.service.answer_time(reply.output_tokens), self.service.time_limit
        if limit is not None and seconds > limit and not asked.stream:
            seconds, reply = limit, BEHAVIOURS["partial"](reply)
        self.call.usage = native.usage(asked, reply.output_tokens, reply.reasoning_tokens)
        self.call.billed = True
        self.service.limits.spend(self.call.account or "", asked.model.name, reply.output_tokens)
        await self.exchange.wait(seconds)
        return reply

    async def _send(self, asked: Question, reply: Reply) -> web.StreamResponse:
        call = self.call
        call.outcome, call.status = "answered", 200
        if reply.partial:
            self.exchange.headers |= payloads.PARTIAL
        if asked.stream:
            return await self._stream(asked, reply, list(self.dialect.stream(asked, reply, call.request_id)))
        return self.exchange.json(200, self.dialect.answer(asked, reply, call.request_id))

    async def _stream(self, asked: Question, reply: Reply, frames: list[bytes]) -> web.StreamResponse:
        """Send a stream; a caller who leaves ends the answer, and owes what was written until then."""
        try:
            return await self.exchange.events(frames)
        except ConnectionError:
            share = self.exchange.frames_sent / len(frames)
            owed = (round(count * share) for count in (reply.output_tokens, reply.reasoning_tokens))
            self.call.usage = native.usage(asked, *owed)
            raise

    async def _refuse(self, refused: Refusal) -> web.StreamResponse:
        call = self.call
        call.outcome = "throttled" if refused.status == 429 else "refused"
        call.status, call.code = refused.status, refused.code
        if call.stream and not refused.by_gateway:
            return await self.exchange.events([self.dialect.error_event(1, refused, call.request_id)])
        if refused.retry_after is not None:
            self.exchange.headers["retry-after"] = str(refused.retry_after)
        return self.exchange.json(refused.status, self.dialect.refusal(refused, call.request_id))


def _as_is(reply: Reply) -> Reply:
    return reply


async def _body(request: web.Request) -> bytes:
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge as fault:
        raise TooLarge from fault


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError as fault:
        message = "Required body invalid, please check the request body format."
        raise bad_parameter(message) from fault
    if not isinstance(body, dict):
        message = "Required body invalid, please check the request body format."
        raise bad_parameter(message)
    return body
