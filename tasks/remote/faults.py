"""What stores raise, as what it means for a document. An address can hold a secret, so no library's words are kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from typing import NamedTuple

from schemas.errors import (
    DocumentChanged,
    DocumentError,
    MissingDocument,
    UnreachableDocument,
    UnreadableDocument,
)

_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
_FORBIDDEN = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_NO_CREDENTIALS = frozenset(
    {"NoCredentialsError", "PartialCredentialsError", "DefaultCredentialsError", "AuthenticationException"}
)
_PASSING = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_SERVER_ERROR = 500
_STATUS_OF = {"ClientResponseError": "status", "HttpResponseError": "status_code", "HttpError": "code"}
"""Where the errors of aiohttp, azure and gcsfs hold the status of an answer; others' numbers are their own."""


class PrivateAddress(OSError):
    """A name or a number that leads into a private network; raised instead of a connection to it."""


class UnknownHost(OSError):
    """A machine whose key is not among the known ones; raised instead of trusting it."""


class _Told(NamedTuple):
    """What an error of a store and the errors behind it tell."""

    kinds: frozenset[str]
    status: int | None
    is_missing: bool
    last: str


_GONE_FOR_GOOD = "nothing stands there, or no longer"
_MEANINGS: Sequence[tuple[Callable[[_Told], bool], type[DocumentError], str]] = (
    (
        lambda told: "PrivateAddress" in told.kinds,
        UnreadableDocument,
        "its address lies in a private network, which only --allow-private-urls reads",
    ),
    (lambda told: "UnknownHost" in told.kinds, UnreadableDocument, "the machine's key is not in ~/.ssh/known_hosts"),
    (
        lambda told: bool(told.kinds & _NO_CREDENTIALS),
        UnreadableDocument,
        "no credentials for it were found in the environment",
    ),
    (
        lambda told: told.status in _FORBIDDEN or "PermissionError" in told.kinds,
        UnreadableDocument,
        "the store does not let it be read",
    ),
    (
        lambda told: told.status == HTTPStatus.PRECONDITION_FAILED or "FileExpired" in told.kinds,
        DocumentChanged,
        "the file changed while it was fetched",
    ),
    (lambda told: told.status in _GONE or told.is_missing, MissingDocument, _GONE_FOR_GOOD),
)
"""What an error means, by the first line that fits it."""


def fault_of(error: BaseException) -> DocumentError:
    """Say what an error of a store means, in words of our own; only what can pass is unreachable."""
    chain = list(_chain(error))
    told = _Told(
        kinds=frozenset(kind.__name__ for each in chain for kind in type(each).__mro__),
        status=status_of(error),
        # Behind a FileNotFoundError of the web may be anything; alone, it is what it says.
        is_missing=isinstance(error, FileNotFoundError) and len(chain) == 1,
        last=type(chain[-1]).__name__,
    )
    for fits, kind, words in _MEANINGS:
        if fits(told):
            return kind(words)
    status = told.status
    if status is not None and status < _SERVER_ERROR and status not in _PASSING:
        return UnreadableDocument(f"the store refuses to give it (HTTP {status})")
    said = told.last if status is None else f"HTTP {status}"
    return UnreachableDocument(f"where it lies could not be reached ({said})")


def status_of(error: BaseException) -> int | None:
    """Give the HTTP status that an error of a store, or one behind it, carries."""
    return next((found for each in _chain(error) if (found := _status(each)) is not None), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give the error and what caused it, outermost first."""
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        beneath = getattr(seen, "os_error", None)
        seen = seen.__cause__ or (beneath if isinstance(beneath, BaseException) else None)


def _status(error: BaseException) -> int | None:
    """Give the HTTP status that an error of aiohttp, botocore, gcsfs or azure carries."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        found = response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        return found if isinstance(found, int) else None
    for kind in type(error).__mro__:
        if kind.__name__ in _STATUS_OF:
            found = getattr(error, _STATUS_OF[kind.__name__], None)
            return found if isinstance(found, int) and found >= HTTPStatus.BAD_REQUEST else None
    return None
