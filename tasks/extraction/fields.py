"""A schema as the OCR models' own task takes it, and the values that it gives, in the schema's types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from schemas.errors import UsageFault
from tasks.extraction.schema import Schema, is_of_type, resolved, settled
from tasks.translating.dates import dates
from tasks.translating.numerals import numbers
from tasks.transport.values import content_items, first, mapping

DEEPEST = 3
"""Levels of nested objects that the task takes."""
MISSING = "null"
"""What the task writes where a value is missing."""
KIND_HINTS = {"number": "a number", "integer": "a whole number", "boolean": "true or false"}
FORMAT_HINTS = {"date": "YYYY-MM-DD", "date-time": "YYYY-MM-DDThh:mm:ssZ", "time": "hh:mm:ssZ"}


def result_schema(schema: Schema) -> dict[str, Any]:
    """Give the form that the task fills: names, and for each value a word on what it is.

    Raises:
        UsageFault: if the schema is nested too deeply for the task.
    """
    form: dict[str, Any] = _form(schema, schema, 0)
    return form


def typed(value: Any, schema: Schema, node: Schema | None = None) -> Any:
    """Give what the task found the types of the schema, where that takes no guess; the rest stays as it is.

    The task writes every value as text. A number or a date that could be read in two ways is left for the check.
    """
    node = settled(schema if node is None else node, schema)
    if is_of_type(node, "array") and isinstance(value, dict):
        value = [value]
    if isinstance(value, list):
        items = node.get("items", {})
        return [typed(item, schema, items) for item in value]
    if isinstance(value, Mapping):
        given = {name: typed(inner, schema, _property(node, name)) for name, inner in value.items()}
        return {name: inner for name, inner in given.items() if inner is not None or _may_be_null(node, name, schema)}
    return _leaf(value, node) if isinstance(value, str) else value


def kv_result(raw: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Find the task's own object in what the service sent; None where it has none."""
    choice = mapping(first(mapping(raw.get("output")).get("choices")))
    for item in content_items(mapping(choice.get("message")).get("content")):
        values = mapping(item.get("ocr_result")).get("kv_result")
        if isinstance(values, Mapping):
            return values
    return None


def _form(node: Schema, schema: Schema, depth: int) -> Any:
    node = settled(node, schema)
    if is_of_type(node, "array") and isinstance(node.get("items"), Mapping):
        return [_form(node["items"], schema, depth)]
    if "properties" not in node:
        return _hint(node)
    if depth == DEEPEST:
        msg = f"the schema nests objects more than {DEEPEST} levels deep, which the OCR models do not take"
        raise UsageFault(msg, advice="choose a --model that is not of the OCR line, or a flatter schema")
    return {name: _form(inner, schema, depth + 1) for name, inner in node["properties"].items()}


def _hint(node: Schema) -> str:
    kind = next((hint for kind, hint in KIND_HINTS.items() if is_of_type(node, kind)), "")
    words = [str(node.get("description", "")), FORMAT_HINTS.get(str(node.get("format")), kind)]
    choices = ", ".join(str(choice) for choice in node.get("enum", ()) if choice is not None)
    return "; ".join(word for word in (*words, choices and f"one of {choices}") if word)


def _property(node: Schema, name: str) -> Schema:
    found = node.get("properties", {}).get(name, {})
    return found if isinstance(found, Mapping) else {}


def _may_be_null(node: Schema, name: str, schema: Schema) -> bool:
    """Whether a null stays: where it is admitted, or where leaving it out would be a fault as well."""
    inner = resolved(_property(node, name), schema)
    options = [resolved(option, schema) for word in ("anyOf", "oneOf") for option in inner.get(word, ())]
    admitted = not inner or any(is_of_type(option, "null") for option in (inner, *options))
    return admitted or "type" not in inner or name in node.get("required", ())


def _leaf(value: str, node: Schema) -> Any:
    if value.strip().lower() in {MISSING, ""}:
        return None
    if is_of_type(node, "string"):
        return _date(value) if node.get("format") == "date" else value
    if is_of_type(node, "number") or is_of_type(node, "integer"):
        return _number(value)
    if is_of_type(node, "boolean"):
        return {"true": True, "false": False}.get(value.strip().lower(), value)
    return value


def _number(value: str) -> Any:
    found = numbers(value)
    if len(found) != 1 or len(found[0].values) != 1:
        return value
    (number,) = found[0].values
    number = -number if re.match(r"\D*[-\u2212(]", value) else number
    return int(number) if number == number.to_integral_value() else float(Decimal(number))


def _date(value: str) -> str:
    found = dates(value)
    if len(found) != 1 or len(found[0].meanings) != 1:
        return value
    (day,) = found[0].meanings
    return day.isoformat()
