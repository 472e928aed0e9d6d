"""The backend itself: the one module that touches the SDK."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any, Literal

import aiohttp
from dashscope import AioMultiModalConversation
from dashscope.common.api_key import get_default_api_key
from dashscope.common.error import DashScopeException
from pydantic import SecretStr

from schemas.documents import RenderedPage
from schemas.errors import RefusedRequest
from schemas.models import ModelSpec
from schemas.requests import ModelRequest, ModelResponse
from tasks.backends.dashscope.answer import Pieces, Reply, response_of
from tasks.backends.dashscope.faults import completed, rules
from tasks.backends.dashscope.question import Question, question_of
from tasks.transport.failures import Failure, befallen, discreet, named
from tasks.transport.keys import checked_key
from tasks.transport.rules import error_of
from tasks.transport.wirelog import WireLog, open_session, recording

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
            response = response_of(outcome, log.headers, log.sends, processed=self._spec.is_ocr)
            if response is not None:
                return response
            outcome = Failure("answered without an answer", status=log.status)
        raise error_of(discreet(completed(outcome, log), self._key), rules(), log, self._spec)

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
            if isinstance(error, DashScopeException):
                return Failure(f"the SDK refuses the question: {named(error)}", kind=RefusedRequest)
            return befallen(error, log, self._timeout)

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
        if self._session is None:
            self._session = open_session()
        return self._session


def find_key(given: SecretStr | None) -> SecretStr:
    """Find the key: the one given, else where the SDK looks for it.

    The SDK reads the environment once, when it is imported; a process that lives longer may be given another key.

    Raises:
        CredentialFault: if there is none, or it cannot stand in an HTTP header.
    """
    try:
        key = given.get_secret_value() if given else os.environ.get("DASHSCOPE_API_KEY", "")
        key = key or str(get_default_api_key())
    except (DashScopeException, OSError, ValueError):
        key = ""
    return checked_key(key, advice="set DASHSCOPE_API_KEY to a key from the Model Studio console")


async def _collected(stream: Any) -> Reply | Failure:
    """Take in a stream to its end, also behind an error, so that the connection can be used again.

    One that goes round in circles is left, which ends it: what it said of its usage until then is what it took.
    """
    pieces, failure = Pieces(), None
    async with aclosing(stream) as answers:
        async for answer in answers:
            if answer.status_code == OK:
                pieces.add(answer.output, answer.usage, answer.request_id)
            elif failure is None:
                failure = _failure(answer)
            if pieces.is_stuck:
                break
    return failure or pieces.together()


def _failure(answer: Any) -> Failure:
    code = answer.code if answer.code != "Unknown" else None  # the SDK's word for a body that is no JSON
    return Failure(str(answer.message or ""), code or None, int(answer.status_code), answer.request_id or None)


def _silence() -> None:
    """Keep the SDK from logging tracebacks with whole bodies, unless its own environment variable asks for that."""
    if "DASHSCOPE_LOGGING_LEVEL" not in os.environ:
        logger = logging.getLogger("dashscope")
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False
