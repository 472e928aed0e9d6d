"""The backend itself: the one module that touches the SDK."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import aiohttp
from dashscope import AioMultiModalConversation
from dashscope.common.api_key import get_default_api_key
from dashscope.common.error import DashScopeException
from pydantic import SecretStr

from schemas.documents import RenderedPage
from schemas.errors import CallTimeout, CredentialFault, RefusedRequest, TransientCallError
from schemas.models import ModelSpec
from schemas.requests import ModelRequest, ModelResponse
from schemas.wire import NOT_SENT
from tasks.backends.dashscope.answer import Pieces, Reply, response_of
from tasks.backends.dashscope.faults import Failure, completed, error_of
from tasks.backends.dashscope.question import Question, is_ocr, question_of
from tasks.backends.dashscope.wirelog import WireLog, recording, tracing

NEVER_FIRST = 60.0
"""Seconds that the SDK's own timeout lies behind our deadline: it would send a stalled stream's question again."""
OK = 200


class DashScope:
    """Asks the service. `timeout` is the deadline of one call in seconds, whatever it is spent on."""

    name = "dashscope"
    reads: Literal["pixels", "document"] = "pixels"

    def __init__(self, spec: ModelSpec, key: SecretStr, address: str | None, timeout: float) -> None:
        self._spec = spec
        self._key = key
        self._address = address
        self._timeout = timeout
        self._session: aiohttp.ClientSession | None = None
        _silence()

    async def ask(self, request: ModelRequest, pages: Sequence[RenderedPage]) -> ModelResponse:
        """Ask once; see `tasks.ports.Backend`."""
        question = question_of(request, pages, self._spec)
        with recording() as log:
            outcome = await self._exchange(question, log)
        if isinstance(outcome, Reply):
            response = response_of(outcome, log.headers, log.sends, processed=is_ocr(self._spec))
            if response is not None:
                return response
            outcome = Failure("answered without an answer", status=log.status)
        raise error_of(self._discreet(completed(outcome, log)), log, self._spec)

    async def aclose(self) -> None:
        """Give back the connections."""
        if self._session is not None:
            await self._session.close()

    async def _exchange(self, question: Question, log: WireLog) -> Reply | Failure:
        """Send and receive. Whatever the SDK raises ends here, and is let go: it can hold the key in its headers."""
        try:
            async with asyncio.timeout(self._timeout):
                return await self._send(question)
        except Exception as error:  # noqa: BLE001 - the SDK raises whatever an unexpected body makes it stumble over
            return _meaning(error, log, self._timeout)

    async def _send(self, question: Question) -> Reply | Failure:
        answer: Any = await AioMultiModalConversation.call(
            model=question.model,
            messages=question.messages,
            api_key=self._key.get_secret_value(),
            session=self._own_session(),
            base_address=self._address,
            request_timeout=self._timeout + NEVER_FIRST,
            **question.parameters,
        )
        if question.stream:
            return await _collected(answer)
        if answer.status_code != OK:
            return _failure(answer)
        return Reply(answer.output, answer.usage, answer.request_id)

    def _own_session(self) -> aiohttp.ClientSession:
        """Make the session on the running loop. Its pool is unbounded: waiting for a slot would eat the deadline."""
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                trace_configs=[tracing()],
                trust_env=True,
            )
        return self._session

    def _discreet(self, failure: Failure) -> Failure:
        """Take the key out of what the service says; some gateways repeat it."""
        return replace(failure, message=failure.message.replace(self._key.get_secret_value(), "***"))


def find_key(given: SecretStr | None) -> SecretStr:
    """Find the key: the one given, else where the SDK looks for it.

    Raises:
        CredentialFault: if there is none, or it cannot stand in an HTTP header.
    """
    try:
        key = (given.get_secret_value() if given else str(get_default_api_key())).strip()
    except (DashScopeException, OSError, ValueError):
        key = ""
    if not key or not key.isascii() or not key.isprintable():
        msg = "the key has characters that no key has" if key else "there is no API key"
        raise CredentialFault(msg, advice="set DASHSCOPE_API_KEY to a key from the Model Studio console")
    return SecretStr(key)


async def _collected(stream: Any) -> Reply | Failure:
    """Take in a stream to its end, also behind an error, so that the connection can be used again."""
    pieces, failure = Pieces(), None
    async for answer in stream:
        if answer.status_code == OK:
            pieces.add(answer.output, answer.usage, answer.request_id)
        elif failure is None:
            failure = _failure(answer)
    return failure or pieces.together()


def _failure(answer: Any) -> Failure:
    code = answer.code if answer.code != "Unknown" else None  # the SDK's word for a body that is no JSON
    return Failure(str(answer.message or ""), code or None, int(answer.status_code), answer.request_id or None)


def _meaning(error: Exception, log: WireLog, timeout: float) -> Failure:
    """Say what an exception of the SDK or of the transport means; of the exception itself nothing is kept."""
    if isinstance(error, DashScopeException):
        return Failure(f"the SDK refuses the question: {_named(error)}", kind=RefusedRequest)
    if not log.sends:
        return Failure(f"could not be sent: {_named(error)}", NOT_SENT, kind=TransientCallError)
    if isinstance(error, TimeoutError):
        return Failure(f"no answer within {timeout:g} s", kind=CallTimeout)
    if isinstance(error, aiohttp.ClientConnectionError | aiohttp.ClientPayloadError | OSError):
        return Failure(f"the connection was lost: {_named(error)}", kind=TransientCallError)
    return Failure(f"the answer cannot be read ({type(error).__name__})", status=log.status)


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _silence() -> None:
    """Keep the SDK from logging tracebacks with whole bodies, unless its own environment variable asks for that."""
    if "DASHSCOPE_LOGGING_LEVEL" not in os.environ:
        logger = logging.getLogger("dashscope")
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
