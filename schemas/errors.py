"""Everything that can go wrong, by what it does: a page's fault becomes a row, our fault stops the run.

PipelineError                           becomes a row; `kind` is the stable code in the tables
├── DocumentError                       the file cannot be read as it is
│   ├── MissingDocument                 nothing stands at that path (any more)
│   ├── UnreadableDocument              the system refuses to read it
│   ├── UnreachableDocument             lies elsewhere, and the way there failed
│   ├── NotAFile                        a device, a pipe, a socket
│   ├── EmptyDocument                   no bytes, or no pages
│   ├── UnsupportedDocument             no known format, by content
│   ├── CorruptDocument                 a known format, broken
│   ├── EncryptedDocument               needs a password that was not given
│   ├── DocumentTooLarge                refused by arithmetic before it is decoded
│   ├── DocumentChanged                 other bytes than when it was planned
│   ├── UnsettledDocument               still being written: has no row, the next run reads it
│   ├── RenderFailed                    the page cannot be drawn
│   ├── RenderTimeout                   drawing took longer than allowed
│   ├── RenderCrash                     the render process died
│   ├── UnforeseenFault                 reading it raised what nobody foresaw
│   └── UndrawnPages                    some of several pages cannot be drawn; each gets its own fault
├── CallError                           the question was not answered
│   ├── TransientCallError              asking again can help
│   │   ├── ThrottledCall               too fast; never costs an attempt
│   │   └── CallTimeout                 no answer in time; may have been billed, so is asked again once at most
│   └── PermanentCallError              asking the same again cannot help
│       ├── RefusedRequest              a parameter or the input is refused
│       ├── BlockedContent              a content filter
│       └── RequestTooLarge             more bytes or tokens than are taken
└── AnswerError                         answered, and not usable
    ├── TruncatedAnswer
    ├── MalformedAnswer
    └── SchemaViolation
RunError                                stops the run; carries an exit code and the sentence that mends it
├── UsageFault · NoInput · CredentialFault · AccountFault · ModelUnavailable · BudgetReached
└── OutputFault · OutputInUse · LedgerFault · TooManyFailures · Interrupted
"""

from __future__ import annotations

from schemas.document_errors import (
    CorruptDocument,
    DocumentChanged,
    DocumentError,
    DocumentTooLarge,
    EmptyDocument,
    EncryptedDocument,
    MissingDocument,
    NotAFile,
    PipelineError,
    RenderCrash,
    RenderFailed,
    RenderTimeout,
    UndrawnPages,
    UnforeseenFault,
    UnreachableDocument,
    UnreadableDocument,
    UnsettledDocument,
    UnsupportedDocument,
)
from schemas.faults import (
    AccountFault,
    BudgetReached,
    CredentialFault,
    ExitCode,
    Interrupted,
    LedgerFault,
    ModelUnavailable,
    NoInput,
    OutputFault,
    OutputInUse,
    RunError,
    TooManyFailures,
    UsageFault,
)
from schemas.wire import WireSend

__all__ = [
    "AccountFault",
    "AnswerError",
    "BlockedContent",
    "BudgetReached",
    "CallError",
    "CallTimeout",
    "CorruptDocument",
    "CredentialFault",
    "DocumentChanged",
    "DocumentError",
    "DocumentTooLarge",
    "EmptyDocument",
    "EncryptedDocument",
    "ExitCode",
    "Interrupted",
    "LedgerFault",
    "MalformedAnswer",
    "MissingDocument",
    "ModelUnavailable",
    "NoInput",
    "NotAFile",
    "OutputFault",
    "OutputInUse",
    "PermanentCallError",
    "PipelineError",
    "RefusedRequest",
    "RenderCrash",
    "RenderFailed",
    "RenderTimeout",
    "RequestTooLarge",
    "RunError",
    "SchemaViolation",
    "ThrottledCall",
    "TooManyFailures",
    "TransientCallError",
    "TruncatedAnswer",
    "UndrawnPages",
    "UnforeseenFault",
    "UnreachableDocument",
    "UnreadableDocument",
    "UnsettledDocument",
    "UnsupportedDocument",
    "UsageFault",
]


class CallError(PipelineError):
    """The question was not answered.

    `code` is the service's own word for it, `status` the HTTP status where there was one, `sends` what went
    over the wire for it, in order.
    """

    kind = "call_error"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        sends: tuple[WireSend, ...] = (),
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.request_id = request_id
        self.sends = sends


class TransientCallError(CallError):
    """The service or the way to it failed, and asking again did not help; its twin is `PermanentCallError`."""

    kind = "service_error"


class ThrottledCall(TransientCallError):
    """The service says: slower. Never costs an attempt.

    `retry_after` is in seconds where the service named a time; `tokens` says that the token quota was meant,
    not the request quota.
    """

    kind = "throttled"

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        tokens: bool = False,
        code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        sends: tuple[WireSend, ...] = (),
    ) -> None:
        super().__init__(message, code=code, status=status, request_id=request_id, sends=sends)
        self.retry_after = retry_after
        self.tokens = tokens


class CallTimeout(TransientCallError):
    """No answer in time. It may have been billed, so it is asked again once at most."""

    kind = "timeout"


class PermanentCallError(CallError):
    """The service turns the question down for good; its twin is `TransientCallError`."""

    kind = "refused"


class RefusedRequest(PermanentCallError):
    """The service refuses a parameter or the input."""

    kind = "refused"


class BlockedContent(PermanentCallError):
    """A content filter stopped the question or the answer."""

    kind = "blocked"


class RequestTooLarge(PermanentCallError):
    """The question is larger than the service takes."""

    kind = "request_too_large"


class AnswerError(PipelineError):
    """Answered, and not usable."""

    kind = "answer_error"


class TruncatedAnswer(AnswerError):
    """The answer was cut before its end."""

    kind = "truncated"


class MalformedAnswer(AnswerError):
    """The answer is not of the form that was asked for."""

    kind = "malformed"


class SchemaViolation(AnswerError):
    """The answer is JSON that does not fit its schema."""

    kind = "schema_violation"
