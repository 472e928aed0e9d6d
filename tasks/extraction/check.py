"""What of a value does not fit its schema, in words that a model and a reader of the row understand."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match
from referencing import Registry

from tasks.extraction.pointers import pointer
from tasks.extraction.schema import Schema

MOST = 20
"""Violations that are listed; where there are more, the first ones say what is wrong."""
LONGEST = 200
"""Characters of one violation: its message quotes the value, which can be a whole table."""


def violations(value: Any, schema: Schema) -> tuple[str, ...]:
    """List what does not fit, in the order of the value: `path: message`."""
    # With a registry of its own, the validator fetches nothing that a schema refers to.
    validator = Draft202012Validator(schema, registry=Registry(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    errors: Iterable[ValidationError] = validator.iter_errors(value)
    found = sorted(map(_said, errors))
    more = [f"and {len(found) - MOST} more"] if len(found) > MOST else []
    return (*found[:MOST], *more)


def _said(error: ValidationError) -> str:
    """Say the most telling of what an error consists of: `anyOf` fails as a whole, one of its branches says why."""
    telling = best_match(iter([error])) or error
    place = pointer(telling.absolute_path) or "/"
    return f"{place}: {_shortened(telling.message)}"


def _shortened(message: str) -> str:
    if len(message) <= LONGEST:
        return message
    return f"{message[: LONGEST // 2]} ... {message[-LONGEST // 2 :]}"
