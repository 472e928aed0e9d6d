"""Everything that can go wrong, by what it does: a page's fault becomes a row, our fault stops the run.

PipelineError                           becomes a row; `kind` is the stable code in the tables
├── DocumentError                       the file cannot be read as it is
│   ├── MissingDocument                 nothing stands at that path (any more)
│   ├── UnreadableDocument              the system refuses to read it
│   ├── NotAFile                        a device, a pipe, a socket
│   ├── EmptyDocument                   no bytes, or no pages
│   ├── UnsupportedDocument             no known format, by content
│   ├── CorruptDocument                 a known format, broken
│   ├── EncryptedDocument               needs a password that was not given
│   ├── DocumentTooLarge                refused by arithmetic before it is decoded
│   ├── DocumentChanged                 other bytes than when it was planned
│   ├── RenderFailed                    the page cannot be drawn
│   ├── RenderTimeout                   drawing took longer than allowed
│   └── RenderCrash                     the render process died
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

from enum import IntEnum
from typing import ClassVar

from schemas.wire import WireSend


class ExitCode(IntEnum):
    """What the command's exit code says. Documented in the README; never renumbered."""

    OK = 0
    PAGES_MISSING = 1
    USAGE = 2
    CREDENTIALS = 3
    NO_INPUT = 4
    OUTPUT = 5
    BUDGET = 6
    OUTPUT_IN_USE = 7
    SERVICE = 8
    TOO_MANY_FAILURES = 9
    INTERNAL = 70
    INTERRUPTED = 130


class PipelineError(Exception):
    """A fault of one document, page or call: it becomes a row and the run goes on."""

    kind: ClassVar[str] = "pipeline_error"


class DocumentError(PipelineError):
    """The file cannot be read as it is."""

    kind = "document_error"


class MissingDocument(DocumentError):
    """Nothing stands at that path, or no longer does."""

    kind = "missing"


class UnreadableDocument(DocumentError):
    """The operating system refuses to read the file."""

    kind = "unreadable"


class NotAFile(DocumentError):
    """A device, a pipe or a socket stands where a file is expected."""

    kind = "not_a_file"


class EmptyDocument(DocumentError):
    """The file holds no bytes, or a document without a page."""

    kind = "empty"


class UnsupportedDocument(DocumentError):
    """The content is of no format that can be read."""

    kind = "unsupported"


class CorruptDocument(DocumentError):
    """The content is of a known format and broken."""

    kind = "corrupt"


class EncryptedDocument(DocumentError):
    """The document needs a password that was not given."""

    kind = "encrypted"


class DocumentTooLarge(DocumentError):
    """Refused by arithmetic: decoding it would take more memory than is allowed."""

    kind = "too_large"


class DocumentChanged(DocumentError):
    """The bytes are not those that were planned."""

    kind = "changed"


class RenderFailed(DocumentError):
    """The page cannot be drawn."""

    kind = "render_failed"


class RenderTimeout(DocumentError):
    """Drawing the page took longer than allowed; its worker was ended."""

    kind = "render_timeout"


class RenderCrash(DocumentError):
    """The render process died on this page (a native crash, or its memory limit)."""

    kind = "render_crash"


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
    """Asking again can help; its twin is `PermanentCallError`."""

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
    """Asking the same again cannot help; its twin is `TransientCallError`."""

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


class RunError(Exception):
    """Stops the run, which resumes for free.

    The message says what is wrong; `advice` is the sentence or command that mends it. Where a service said it,
    `code`, `status`, `request_id` and `sends` are those of the call, as in `CallError`.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL
    kind: ClassVar[str] = "run_error"

    def __init__(
        self,
        message: str,
        *,
        advice: str = "",
        code: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        sends: tuple[WireSend, ...] = (),
    ) -> None:
        super().__init__(message)
        self.advice = advice
        self.code = code
        self.status = status
        self.request_id = request_id
        self.sends = sends


class UsageFault(RunError):
    """An option, a model or a schema name that does not exist or does not fit."""

    exit_code = ExitCode.USAGE
    kind = "usage"


class NoInput(RunError):
    """Nothing to read was found."""

    exit_code = ExitCode.NO_INPUT
    kind = "no_input"


class CredentialFault(RunError):
    """The key is missing, wrong, or of another region."""

    exit_code = ExitCode.CREDENTIALS
    kind = "credentials"


class AccountFault(RunError):
    """Arrears, missing rights or a used-up free tier: the account must be mended first."""

    exit_code = ExitCode.SERVICE
    kind = "account"


class ModelUnavailable(RunError):
    """The model is unknown, retired, or not open to this account."""

    exit_code = ExitCode.SERVICE
    kind = "model_unavailable"


class BudgetReached(RunError):
    """The next call could pass a limit that the user set on cost, tokens or pages."""

    exit_code = ExitCode.BUDGET
    kind = "budget"


class OutputFault(RunError):
    """Results cannot be written: no space, no right, no directory."""

    exit_code = ExitCode.OUTPUT
    kind = "output"


class LedgerFault(OutputFault):
    """The ledger cannot be opened, read or written."""

    kind = "ledger"


class OutputInUse(RunError):
    """Another run holds this output."""

    exit_code = ExitCode.OUTPUT_IN_USE
    kind = "output_in_use"


class TooManyFailures(RunError):
    """More pages failed than `max_failures` allows."""

    exit_code = ExitCode.TOO_MANY_FAILURES
    kind = "too_many_failures"


class Interrupted(RunError):
    """The user or the system asked the run to stop; what was in flight is kept."""

    exit_code = ExitCode.INTERRUPTED
    kind = "interrupted"
