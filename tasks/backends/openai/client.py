"""The backend itself: questions out, answers in, over a session of its own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from typing import Any, Literal

import aiohttp

from schemas.documents import RenderedPage
from schemas.models import ModelSpec
from schemas.requests import ModelRequest, ModelResponse
from tasks.backends.openai.answer import Pieces, Reply, response_of
from tasks.backends.openai.events import Events
from tasks.backends.openai.question import Question, question_of
from tasks.backends.openai.server import Server
from tasks.transport.failures import Failure, befallen, discreet, told_by, told_in
from tasks.transport.rules import error_of, rules_in
from tasks.transport.wirelog import WireLog, open_session, recording

OK = 200
HEADERS = {"Content-Type": "application/json"}
DONE = b"[DONE]"


class OpenAICompatible:
    """Asks a server of the protocol. `timeout` is the deadline of one call in seconds, whatever it is spent on."""

    name = "openai"
    reads: Literal["pixels", "document"] = "pixels"

    def __init__(self, spec: ModelSpec, server: Server, timeout: float) -> None:
        self._spec = spec
        self._server = server
        self._timeout = timeout
        self._rules = rules_in("dashscope_errors.toml" if server.dashscope else "openai_errors.toml")
        self._session: aiohttp.ClientSession | None = None

    async def ask(self, request: ModelRequest, pages: Sequence[RenderedPage]) -> ModelResponse:
        """Ask once; see `tasks.ports.Backend`."""
        question = question_of(request, pages, self._spec, dashscope=self._server.dashscope)
        with recording() as log:
            outcome = await self._exchange(question, log)
        if isinstance(outcome, Reply):
            response = response_of(outcome, log.headers, log.sends, thinks=question.thinks)
            if response is not None:
                return response
            outcome = told_by(outcome.body) or Failure("answered without an answer", status=log.status)
        raise error_of(discreet(outcome, self._server.key), self._rules, log, self._spec)

    async def aclose(self) -> None:
        """Give back the connections."""
        if self._session is not None:
            await self._session.close()

    async def _exchange(self, question: Question, log: WireLog) -> Reply | Failure:
        """Send and receive; whatever the transport raises ends here.

        Once a stream has said why it ends, the answer is whole and paid for, whatever becomes of the connection.
        """
        pieces = Pieces()
        try:
            async with asyncio.timeout(self._timeout):
                return await self._send(question, pieces)
        except Exception as error:  # noqa: BLE001 - what a body can make a parser stumble over has no end
            return pieces.together() if pieces.finish_reason else befallen(error, log, self._timeout)

    async def _send(self, question: Question, pieces: Pieces) -> Reply | Failure:
        body = json.dumps(question.body, ensure_ascii=False).encode()
        async with self._own_session().post(
            self._server.endpoint, data=body, headers=HEADERS, allow_redirects=False, middlewares=(self._authorized,)
        ) as response:
            if response.status != OK:
                return await _refusal(response)
            if response.content_type == "text/event-stream":
                return await _collected(response, pieces)
            return _whole(json.loads(await response.read()))

    async def _authorized(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        """Put the key on the request itself: among the caller's headers it would clash with an entry of `.netrc`."""
        if self._server.key is not None:
            request.headers["Authorization"] = f"Bearer {self._server.key.get_secret_value()}"
        return await handler(request)

    def _own_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = open_session()
        return self._session


async def _refusal(response: aiohttp.ClientResponse) -> Failure:
    """Read what was said in place of an answer; a gateway may say it in any form."""
    body = await response.read()
    told = told_in(body)
    said = response.headers.get("Location") or body.decode("utf-8", "replace")
    return Failure(
        told.message if told else said,
        told.code if told else None,
        response.status,
        (told.request_id if told else None) or response.headers.get("x-request-id"),
    )


def _whole(value: Any) -> Reply | Failure:
    if not isinstance(value, dict):
        return Failure("answered without an answer", status=OK)
    return Reply(value)


async def _collected(response: aiohttp.ClientResponse, pieces: Pieces) -> Reply | Failure:
    """Take in a stream to its end, also behind an error, so that the connection can be used again.

    One that goes round in circles is left, which ends it; its usage, which comes last, is then not known.
    """
    events, failure = Events(), None
    async for received in response.content.iter_any():
        for data in events.feed(received):
            if data == DONE:
                continue
            chunk = json.loads(data)
            failure = failure or told_by(chunk)
            pieces.add(chunk)
            if pieces.is_stuck:
                response.close()
                return pieces.together()
    return failure if failure and not pieces.finish_reason else pieces.together()
