"""A schema as tables: a row for each document, and for each list of objects a table of its items."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tasks.extraction.schema import Schema, is_of_type, settled

Kind = Literal["text", "number", "integer", "boolean", "date", "json"]

SIMPLE: tuple[tuple[str, Kind], ...] = (
    ("string", "text"),
    ("number", "number"),
    ("integer", "integer"),
    ("boolean", "boolean"),
)
DEEPEST = 6
"""Levels of nested objects that become columns; what lies deeper (a schema of itself) stays JSON."""


@dataclass(frozen=True, slots=True)
class Field:
    """A column: where its value stands in the object, and of what type it is. `json` is anything, as JSON."""

    name: str
    path: tuple[str, ...]
    kind: Kind
    is_list: bool = False


@dataclass(frozen=True, slots=True)
class Flat:
    """A table. `items` leads to the list whose items are its rows; empty where a document is a row."""

    name: str
    fields: tuple[Field, ...]
    items: tuple[str, ...] = ()

    def rows(self, value: Mapping[str, Any]) -> Iterator[tuple[int, list[Any]]]:
        """Give the rows that a result has in it, each with its number from 1."""
        found = at(value, self.items) if self.items else [value]
        for number, item in enumerate(found if isinstance(found, list) else (), start=1):
            yield number, [at(item, field.path) for field in self.fields]


def at(value: Any, path: Sequence[str]) -> Any:
    """Go down into an object; None where there is nothing."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def flat(schema: Schema, name: str) -> tuple[Flat, ...]:
    """Lay a schema out in tables; nested objects become columns with the names of both."""
    root = settled(schema, schema)
    lists = dict(_lists(root, schema))
    own = tuple(field for field in _fields(root, schema, ()) if field.path not in lists)
    return (
        Flat(name, own),
        *(Flat("_".join((name, *path)), tuple(_fields(item, schema, ())), path) for path, item in lists.items()),
    )


def _fields(node: Schema, schema: Schema, path: tuple[str, ...]) -> Iterator[Field]:
    for name, inner in _properties(node, schema).items():
        here = (*path, name)
        if _is_nested(inner, here):
            yield from _fields(inner, schema, here)
        elif is_of_type(inner, "array"):
            items = _items(inner, schema)
            kind = "json" if items is None else _kind(items)
            yield Field("_".join(here), here, kind, is_list=kind != "json")
        else:
            yield Field("_".join(here), here, _kind(inner))


def _lists(node: Schema, schema: Schema) -> Iterator[tuple[tuple[str, ...], Schema]]:
    """Find the lists of objects that stand in the document itself; lists within lists stay JSON."""
    for name, inner in _properties(node, schema).items():
        items = _items(inner, schema) if is_of_type(inner, "array") else None
        if items is not None and _is_nested(items, (name,)):
            yield (name,), items


def _properties(node: Schema, schema: Schema) -> dict[str, Schema]:
    return {name: settled(inner, schema) for name, inner in node["properties"].items() if isinstance(inner, Mapping)}


def _items(node: Schema, schema: Schema) -> Schema | None:
    items = node.get("items")
    return settled(items, schema) if isinstance(items, Mapping) else None


def _is_nested(node: Schema, path: tuple[str, ...]) -> bool:
    return is_of_type(node, "object") and bool(node.get("properties")) and len(path) < DEEPEST


def _kind(node: Schema) -> Kind:
    kinds = [kind for stated, kind in SIMPLE if is_of_type(node, stated)]
    if len(kinds) != 1 or is_of_type(node, "object") or is_of_type(node, "array"):
        return "json"
    return "date" if kinds[0] == "text" and node.get("format") == "date" else kinds[0]
