from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from tasks.transport.failures import Failure, discreet, retry_after, told_in

NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (b'{"code": "Arrearage", "message": "m", "request_id": "r"}', Failure("m", "Arrearage", None, "r")),
        (b'{"error": {"message": "m", "type": "t", "param": null, "code": "c"}}', Failure("m", "c")),
        (b'{"error": {"message": "m", "type": "t", "code": null}, "id": "r"}', Failure("m", "t", None, "r")),
        (b'{"error": {"message": "m", "type": "NotFoundError", "code": 404}}', Failure("m", "NotFoundError", 404)),
        (
            b'{"object": "error", "message": "m", "type": "BadRequestError", "param": null, "code": 400}',
            Failure("m", "BadRequestError", 400),
        ),
        (b'{"error": "Unauthorized"}', Failure("Unauthorized")),
        (b'{"detail": "Not Found"}', Failure("Not Found")),
    ],
)
def test_code_and_message_are_found_in_the_shapes_of_every_server(body: bytes, failure: Failure) -> None:
    assert told_in(body) == failure


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b"{}", b'{"error": null}', b"\xff\xfe", b'{"output": {}}'])
def test_a_body_that_tells_nothing_tells_nothing(body: bytes) -> None:
    assert told_in(body) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("3", 3.0),
        (" 0.5 ", 0.5),
        ("Sat, 21 Nov 2026 08:00:30 GMT", 30.0),
        ("Sat, 21 Nov 2026 07:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2026 08:00:30 -0000", 30.0),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(value: str, seconds: float | None) -> None:
    assert retry_after({"Retry-After": value}, now=NOW) == seconds


@given(st.binary(max_size=60))
def test_no_body_confuses(body: bytes) -> None:
    told = told_in(body)
    assert told is None or told.message or told.code


def test_a_key_that_is_repeated_is_taken_out() -> None:
    assert discreet(Failure("bad key: sk-1"), SecretStr("sk-1")).message == "bad key: ***"
    assert discreet(Failure("bad key"), None).message == "bad key"
