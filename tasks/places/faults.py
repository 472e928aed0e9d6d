"""What stores raise, as what it means for an output. An address can hold a secret, so no library's words are kept.

PlaceFault                       an OutputFault: stops the run, answers are in the ledger
├── PlaceAway                    can pass: waited for, for a bounded time
├── PlaceMissing                 no such bucket
└── PlaceBarred                  no rights, no credentials, a name that no store takes
"""

from __future__ import annotations

from http import HTTPStatus

from schemas.errors import DocumentError, MissingDocument, OutputFault, UnreachableDocument
from tasks.remote.faults import fault_of, status_of

_TAKEN = frozenset({HTTPStatus.PRECONDITION_FAILED})
_NAMELESS = frozenset({"ParamValidationError", "InvalidEndpointDiscoveryConfigurationError", "InvalidRegionError"})
_SETUP = frozenset({"ProfileNotFound", "NoRegionError", "UnknownEndpointError", "ConfigParseError"})
_RESUMES = "what is answered is kept, and the same command goes on from there"


class PlaceFault(OutputFault):
    """Something is wrong with the place that results lie at."""


class PlaceAway(PlaceFault):
    """The store cannot be reached, or says that it cannot now."""


class PlaceMissing(PlaceFault):
    """There is no such bucket."""


class PlaceBarred(PlaceFault):
    """The store does not let us, and will not in a minute either."""


def place_fault(error: Exception) -> PlaceFault:
    """Say what an error of a store means for an output, as a sentence that goes behind its address."""
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if kinds & _NAMELESS:
        return PlaceBarred("is no name that a store takes", advice="name a bucket that there is with --out")
    if kinds & _SETUP:
        why = f"cannot be reached: the settings of its tools are wrong ({type(error).__name__})"
        return PlaceBarred(why, advice="mend them as docs/inboxes.md says for this kind of address")
    meant = error if isinstance(error, DocumentError) else fault_of(error)
    if status_of(error) == HTTPStatus.CONFLICT or isinstance(meant, UnreachableDocument):
        return PlaceAway(f"cannot be reached ({_cause(meant)})", advice=f"run again when it is back: {_RESUMES}")
    if isinstance(meant, MissingDocument):
        return PlaceMissing(
            "cannot be used: there is no such bucket", advice=f"make the bucket, or name another --out: {_RESUMES}"
        )
    return PlaceBarred(f"cannot be used: {_said(meant)}", advice=f"get the rights to read, list and write: {_RESUMES}")


def was_taken(error: Exception) -> bool:
    """Say whether an object was not written because one of its name stands there."""
    return isinstance(error, FileExistsError) or status_of(error) in _TAKEN


def knows_no_condition(error: Exception) -> bool:
    """Say whether a store refuses to write on a condition at all."""
    return status_of(error) in {HTTPStatus.NOT_IMPLEMENTED, HTTPStatus.BAD_REQUEST}


def _cause(fault: DocumentError) -> str:
    """Take what is in the parentheses of `fault_of`'s words: the kind of the error, or the status."""
    return str(fault).rpartition("(")[2].rstrip(")")


def _said(fault: DocumentError) -> str:
    return str(fault).replace("does not let it be read", "does not allow it").replace("refuses to give it", "refuses")
