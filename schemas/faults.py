"""What stops a whole run, with the exit code of each. The tree of all errors is drawn in `schemas.errors`."""

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
